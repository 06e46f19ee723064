package io.github.kexecsim.cli;

import java.util.List;

/**
 * Ranges of addresses drawn as bars on one scale, a row each, with a row below that marks where
 * they overlap. However short a range is, it takes a column.
 */
final class AddressLine {
  private static final int COLUMNS = 64;
  private static final int MOST_ROWS = 64;

  /**
   * What is drawn.
   *
   * @param name printable
   * @param start the first address
   * @param end the first address behind it, not below {@code start}
   */
  record Bar(String name, long start, long end) {
    boolean isEmpty() {
      return start == end;
    }
  }

  private final List<Bar> bars;
  private final long low;
  private final long perColumn;
  private final int columns;

  private AddressLine(List<Bar> bars) {
    this.bars = bars;
    low = bars.stream().mapToLong(Bar::start).min().orElse(0);
    long high = bars.stream().mapToLong(Bar::end).max().orElse(0);
    perColumn = scale(high - low);
    columns = column(high - 1) + 1;
  }

  /** The least power of two, a page at least, with which everything fits: round numbers to read. */
  private static long scale(long span) {
    long perColumn = 4096;
    while (perColumn * COLUMNS < span) {
      perColumn *= 2;
    }
    return perColumn;
  }

  /** Draws {@code bars}, those of no length left out, with each row two columns in. */
  static void draw(TextPage page, List<Bar> bars) {
    List<Bar> drawn = bars.stream().filter(bar -> !bar.isEmpty()).limit(MOST_ROWS).toList();
    if (drawn.size() > 1) {
      new AddressLine(drawn).draw(page);
    }
  }

  private void draw(TextPage page) {
    int width = bars.stream().mapToInt(bar -> bar.name().length()).max().orElse(0);
    page.line("  from " + hex(low) + ", a column is " + hex(perColumn) + " bytes");
    for (Bar bar : bars) {
      StringBuilder line = blank();
      mark(line, '=', bar.start(), bar.end());
      page.line(row(pad(bar.name(), width), line));
    }
    StringBuilder overlaps = overlaps();
    if (overlaps.indexOf("!") >= 0) {
      page.line(row(pad("overlap", width), overlaps));
    }
  }

  private static String row(String name, CharSequence line) {
    return "  " + name + " |" + line + "|";
  }

  private static String pad(String name, int width) {
    return name + " ".repeat(Math.max(0, width - name.length()));
  }

  private int column(long address) {
    return (int) ((address - low) / perColumn);
  }

  private StringBuilder blank() {
    return new StringBuilder(" ".repeat(columns));
  }

  private void mark(StringBuilder line, char mark, long start, long end) {
    for (int i = column(start); i <= column(end - 1); i++) {
      line.setCharAt(i, mark);
    }
  }

  /** The columns in which two ranges really share an address, not just a column. */
  private StringBuilder overlaps() {
    StringBuilder line = blank();
    for (int i = 0; i < bars.size(); i++) {
      for (Bar other : bars.subList(i + 1, bars.size())) {
        long start = Math.max(bars.get(i).start(), other.start());
        long end = Math.min(bars.get(i).end(), other.end());
        if (start < end) {
          mark(line, '!', start, end);
        }
      }
    }
    return line;
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
