package io.github.kexecsim.cli;

import io.github.kexecsim.bench.Measurement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * The measurements as a picture: the size of the kernel against the speed of decompressing it. Its
 * colours can be read on a light and on a dark background.
 */
final class BenchSvg {
  private static final int WIDTH = 800;
  private static final int HEIGHT = 520;
  private static final int LEFT = 84;
  private static final int RIGHT = 770;
  private static final int TOP = 84;
  private static final int BOTTOM = 412;

  /** What a point takes at most. */
  private static final int RADIUS = 9;

  private static final int LONGEST_NAME = 50;

  private static final String START = "text-anchor=\"start\"";
  private static final String MIDDLE = "text-anchor=\"middle\"";
  private static final String END = "text-anchor=\"end\"";

  private static final String GRAY = "#7a7a7a";
  private static final String METHOD = "#2f7fd6";
  private static final String SHIPPED = "#d9600f";

  private record Point(String name, Measurement measurement, double x, double y, boolean shipped) {}

  private final StringBuilder svg = new StringBuilder();
  private final BenchReport report;
  private final String unit;
  private final double unitSize;
  private final ChartScale speeds;
  private final ChartScale sizes;

  private BenchSvg(BenchReport report) {
    this.report = report;
    List<Measurement> all = measurements(report);
    double largest = all.stream().mapToDouble(this::size).max().orElseThrow();
    double smallest = all.stream().mapToDouble(this::size).min().orElseThrow();
    unitSize = largest < 1 << 20 ? 1 << 10 : 1 << 20;
    unit = largest < 1 << 20 ? "KiB" : "MiB";
    sizes = ChartScale.linear(smallest / unitSize, largest / unitSize, BOTTOM, TOP);
    speeds =
        ChartScale.logarithmic(
            all.stream().mapToDouble(Measurement::megabytesPerSecond).min().orElseThrow(),
            all.stream().mapToDouble(Measurement::megabytesPerSecond).max().orElseThrow(),
            LEFT,
            RIGHT);
  }

  /** The picture as an SVG document. */
  static String of(BenchReport report) {
    return new BenchSvg(report).draw();
  }

  private static List<Measurement> measurements(BenchReport report) {
    List<Measurement> all = new ArrayList<>(report.result().methods());
    report.result().shipped().ifPresent(all::add);
    return all;
  }

  private double size(Measurement measurement) {
    return measurement.compressedSizeOf(report.kernelSize());
  }

  private Point point(Measurement measurement, boolean shipped) {
    String name = measurement.method().label() + (shipped ? ", as shipped" : "");
    double x = speeds.place(measurement.megabytesPerSecond());
    double y = sizes.place(size(measurement) / unitSize);
    return new Point(name, measurement, x, y, shipped);
  }

  private String draw() {
    List<Point> points = new ArrayList<>();
    report.result().methods().forEach(measurement -> points.add(point(measurement, false)));
    report.result().shipped().ifPresent(measurement -> points.add(point(measurement, true)));
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
            + " viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"sans-serif\" font-size=\"14\""
            + " fill=\"%s\">",
        WIDTH, HEIGHT, WIDTH, HEIGHT, GRAY);
    String title = escape(shortName(report.image().name())) + ": size against speed";
    add("<title>%s</title>", title);
    text(LEFT, 32, START + " font-size=\"18\"", title);
    text(LEFT, 54, START, subtitle());
    drawAxes();
    ChartLabels labels = new ChartLabels(LEFT, TOP, RIGHT, BOTTOM);
    drawFrontier(points, labels);
    points.forEach(point -> drawPoint(point, labels));
    points.forEach(point -> drawLabel(point, labels));
    text(
        LEFT,
        HEIGHT - 34,
        START + " font-size=\"12\"",
        "Dashed: the methods that no other one beats in both.");
    text(
        LEFT,
        HEIGHT - 16,
        START + " font-size=\"12\"",
        "Speed: kexec-sim's own decoders on " + escape(BenchReport.jvm()) + ".");
    return add("</svg>").toString();
  }

  /** The last part of a path, or as much of that as the picture takes. */
  private static String shortName(String name) {
    String last = name.substring(name.lastIndexOf('/', name.length() - 2) + 1);
    return last.codePointCount(0, last.length()) <= LONGEST_NAME
        ? last
        : last.substring(0, last.offsetByCodePoints(0, LONGEST_NAME - 1)) + "\u2026";
  }

  private String subtitle() {
    var sample = report.result().sample();
    String kernel = "a kernel of " + ByteCount.human(report.kernelSize());
    return sample.isWhole()
        ? kernel
        : kernel + ", from a sample of " + ByteCount.human(sample.bytes().size());
  }

  private void drawAxes() {
    for (double tick : speeds.ticks()) {
      double x = speeds.place(tick);
      line(x, TOP, x, BOTTOM, "0.25");
      text(x, BOTTOM + 20, MIDDLE, ChartScale.label(tick));
    }
    for (double tick : sizes.ticks()) {
      double y = sizes.place(tick);
      line(LEFT, y, RIGHT, y, "0.25");
      text(LEFT - 10, y + 5, END, ChartScale.label(tick));
    }
    line(LEFT, BOTTOM, RIGHT, BOTTOM, "1");
    line(LEFT, TOP, LEFT, BOTTOM, "1");
    text((LEFT + RIGHT) / 2.0, BOTTOM + 46, MIDDLE, "decompressed, MB/s (logarithmic)");
    add(
        "<text transform=\"translate(28 %d) rotate(-90)\" text-anchor=\"middle\">compressed, %s</text>",
        (TOP + BOTTOM) / 2, unit);
    text(RIGHT - 8, BOTTOM - 10, END + " font-style=\"italic\"", "better: smaller and faster");
  }

  /** Through the methods of which none is both smaller and faster, from the fastest on. */
  private void drawFrontier(List<Point> points, ChartLabels labels) {
    List<Point> fastestFirst =
        points.stream()
            .filter(point -> !point.shipped())
            .sorted(Comparator.comparingDouble(Point::x).reversed())
            .toList();
    Point last = fastestFirst.get(0);
    for (Point point : fastestFirst) {
      // Down is smaller.
      if (point.y() > last.y()) {
        add(
            "<path d=\"M%.1f %.1f L%.1f %.1f\" stroke=\"%s\" stroke-width=\"1.5\""
                + " stroke-dasharray=\"5 5\"/>",
            last.x(), last.y(), point.x(), point.y(), METHOD);
        labels.avoidLine(last.x(), last.y(), point.x(), point.y());
        last = point;
      }
    }
  }

  private void drawPoint(Point point, ChartLabels labels) {
    Measurement measurement = point.measurement();
    String look =
        point.shipped()
            ? "r=\"9\" fill=\"none\" stroke-width=\"2.5\" stroke=\"" + SHIPPED + "\""
            : "r=\"6\" fill=\"" + METHOD + "\"";
    add(
        "<circle cx=\"%.1f\" cy=\"%.1f\" %s><title>%s: %s, %s MB/s</title></circle>",
        point.x(),
        point.y(),
        look,
        point.name(),
        ByteCount.human(measurement.compressedSizeOf(report.kernelSize())),
        BenchText.threeDigits(measurement.megabytesPerSecond()));
    labels.avoid(point.x(), point.y(), RADIUS);
  }

  private void drawLabel(Point point, ChartLabels labels) {
    ChartLabels.Label label = labels.place(point.x(), point.y(), point.name());
    String colour = point.shipped() ? SHIPPED : METHOD;
    text(
        label.x(),
        label.y(),
        "text-anchor=\"" + label.anchor() + "\" fill=\"" + colour + "\"",
        point.name());
  }

  private void line(double x1, double y1, double x2, double y2, String opacity) {
    add(
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-opacity=\"%s\"/>",
        x1, y1, x2, y2, GRAY, opacity);
  }

  private void text(double x, double y, String attributes, String content) {
    add("<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>", x, y, attributes, content);
  }

  private StringBuilder add(String format, Object... values) {
    return svg.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  /** Text for a document of XML 1.0, which knows no control characters at all. */
  static String escape(String text) {
    StringBuilder escaped = new StringBuilder();
    TextPage.printable(text)
        .codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case 0xfffe, 0xffff -> escaped.append('?');
                default ->
                    escaped.appendCodePoint(Character.getType(c) == Character.SURROGATE ? '?' : c);
              }
            });
    return escaped.toString();
  }
}
