package io.github.kexecsim.cli;

import java.util.ArrayList;
import java.util.List;

/** Finds places for the labels of points where they hide neither a point nor each other. */
final class ChartLabels {
  /** What a letter takes at most, about, in the chart's font. */
  private static final double LETTER = 7.5;

  private static final double ASCENT = 11;
  private static final double DESCENT = 4;
  private static final double GAP = 13;

  /**
   * A label's place.
   *
   * @param x where its anchor is
   * @param y its baseline
   * @param anchor what {@code text-anchor} is called in SVG
   */
  record Label(double x, double y, String anchor) {}

  private record Box(double left, double top, double right, double bottom) {
    boolean meets(Box other) {
      return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
    }

    boolean isInside(Box other) {
      return other.left <= left
          && right <= other.right
          && other.top <= top
          && bottom <= other.bottom;
    }
  }

  private final Box chart;
  private final List<Box> taken = new ArrayList<>();

  ChartLabels(double left, double top, double right, double bottom) {
    chart = new Box(left, top, right, bottom);
  }

  /** Keeps a point clear. */
  void avoid(double x, double y, double radius) {
    taken.add(new Box(x - radius, y - radius, x + radius, y + radius));
  }

  /** Keeps a line clear. */
  void avoidLine(double x1, double y1, double x2, double y2) {
    int steps = (int) (Math.hypot(x2 - x1, y2 - y1) / ASCENT) + 1;
    for (int i = 0; i <= steps; i++) {
      avoid(x1 + (x2 - x1) * i / steps, y1 + (y2 - y1) * i / steps, 1);
    }
  }

  /** The first free place around a point: right, left, above, below, further off. */
  Label place(double x, double y, String text) {
    List<Label> places = new ArrayList<>();
    for (int far = 1; far <= 3; far++) {
      places.add(new Label(x + GAP * far, y + 5, "start"));
      places.add(new Label(x - GAP * far, y + 5, "end"));
      places.add(new Label(x, y - GAP * far, "middle"));
      places.add(new Label(x, y + (GAP + ASCENT) * far, "middle"));
    }
    Label chosen =
        places.stream().filter(place -> isFree(box(place, text))).findFirst().orElse(places.get(0));
    taken.add(box(chosen, text));
    return chosen;
  }

  private boolean isFree(Box box) {
    return box.isInside(chart) && taken.stream().noneMatch(box::meets);
  }

  private static Box box(Label place, String text) {
    double width = LETTER * text.length();
    double left =
        switch (place.anchor()) {
          case "start" -> place.x();
          case "end" -> place.x() - width;
          default -> place.x() - width / 2;
        };
    return new Box(left, place.y() - ASCENT, left + width, place.y() + DESCENT);
  }
}
