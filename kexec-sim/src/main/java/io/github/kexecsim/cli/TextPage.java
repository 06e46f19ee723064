package io.github.kexecsim.cli;

import java.util.ArrayList;
import java.util.List;

/** Text for people, at most {@value #WIDTH} columns wide where words allow. */
final class TextPage {
  static final int WIDTH = 100;

  private static final int LABEL = 14;
  private static final int ENTRY = 30;

  private final StringBuilder text = new StringBuilder();

  TextPage line(String line) {
    text.append(line.stripTrailing()).append('\n');
    return this;
  }

  TextPage wrapped(String words) {
    return hanging("", 0, words);
  }

  /** A label, and beside it words that stay in their column. */
  TextPage labelled(String label, String words) {
    return hanging(label, LABEL, words);
  }

  /** An entry of a list of options: what it is called, and beside or below it what it does. */
  TextPage entry(String name, String words) {
    String head = "  " + name;
    if (head.length() > ENTRY - 2) {
      line(head);
      head = "";
    }
    return hanging(head, ENTRY, words);
  }

  private TextPage hanging(String head, int indent, String words) {
    StringBuilder line = new StringBuilder(head);
    boolean fresh = true;
    for (String word : words.split(" ", -1)) {
      if (!fresh && line.length() + 1 + word.length() > WIDTH) {
        line(line.toString());
        line.setLength(0);
        fresh = true;
      }
      if (fresh) {
        line.append(" ".repeat(Math.max(0, indent - line.length())));
      } else {
        line.append(' ');
      }
      line.append(word);
      fresh = false;
    }
    return line(line.toString());
  }

  /**
   * Rows of equally many cells in aligned columns, two spaces apart; the last column wraps.
   *
   * @param indent how many spaces before each row
   * @param right the columns that are aligned to the right
   */
  TextPage table(int indent, List<List<String>> rows, Integer... right) {
    List<Integer> rightAligned = List.of(right);
    List<Integer> widths = new ArrayList<>();
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        if (i == widths.size()) {
          widths.add(0);
        }
        widths.set(i, Math.max(widths.get(i), row.get(i).length()));
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder(" ".repeat(indent));
      int last = row.size() - 1;
      for (int i = 0; i < last; i++) {
        String padding = " ".repeat(widths.get(i) - row.get(i).length());
        String cell = row.get(i);
        line.append(rightAligned.contains(i) ? padding + cell : cell + padding).append("  ");
      }
      hanging(line.toString(), line.length(), row.get(last));
    }
    return this;
  }

  /**
   * {@code text} with what a terminal obeys, or nobody sees, as {@code \xNN} or {@code \}{@code
   * uNNNN}: control characters, and those that turn the direction of what follows. For names that
   * the user gave; what a file says of itself is shown by {@link
   * io.github.kexecsim.loader.report.Field#printable}.
   */
  static String printable(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (isVisible(c)) {
                shown.appendCodePoint(c);
              } else {
                shown.append(String.format(c <= 0xff ? "\\x%02x" : "\\u%04x", c));
              }
            });
    return shown.toString();
  }

  private static boolean isVisible(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
