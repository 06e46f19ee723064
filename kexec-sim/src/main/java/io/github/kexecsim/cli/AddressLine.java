package io.github.kexecsim.cli;

import java.util.List;
import java.util.Optional;

/**
 * Ranges of addresses drawn as bars on one scale, and where they overlap. However short a range is,
 * it takes a column.
 */
final class AddressLine {
  /** How many ranges are drawn at most; those that come later are not. */
  static final int MOST_BARS = 64;

  private static final int COLUMNS = 40;
  private static final long PAGE = 4096;

  /**
   * A range.
   *
   * @param start the first address
   * @param end the first address behind it; one that is not above {@code start} leaves it undrawn
   */
  record Bar(long start, long end) {
    boolean isEmpty() {
      return start >= end;
    }
  }

  private final List<Bar> bars;
  private final long low;
  private final long perColumn;
  private final int columns;

  AddressLine(List<Bar> bars) {
    this.bars = bars.subList(0, Math.min(bars.size(), MOST_BARS));
    low = drawn().stream().mapToLong(Bar::start).min().orElse(0);
    long high = drawn().stream().mapToLong(Bar::end).max().orElse(low + 1);
    perColumn = scale(high - low);
    columns = column(high - 1) + 1;
  }

  private List<Bar> drawn() {
    return bars.stream().filter(bar -> !bar.isEmpty()).toList();
  }

  /** The least power of two, a page at least, with which everything fits: round numbers to read. */
  private static long scale(long span) {
    long perColumn = PAGE;
    while (perColumn * COLUMNS < span) {
      perColumn *= 2;
    }
    return perColumn;
  }

  /** What a column stands for, as a heading. */
  String heading() {
    return String.format("from 0x%x, a column is 0x%x", low, perColumn);
  }

  /** The bar of a range; nothing for one that is not drawn. */
  String bar(int index) {
    if (index >= bars.size()) {
      return "";
    }
    StringBuilder line = blank();
    if (!bars.get(index).isEmpty()) {
      mark(line, '=', bars.get(index).start(), bars.get(index).end());
    }
    return framed(line);
  }

  /** Where two ranges really share an address, not just a column; empty where none do. */
  Optional<String> overlaps() {
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
    return line.indexOf("!") < 0 ? Optional.empty() : Optional.of(framed(line));
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

  private static String framed(StringBuilder line) {
    return "|" + line + "|";
  }
}
