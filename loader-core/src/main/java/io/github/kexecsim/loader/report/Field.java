package io.github.kexecsim.loader.report;

import java.util.Objects;

/**
 * One header field, ready to show.
 *
 * @param name the field's name in its format's specification
 * @param value printable ASCII: hexadecimal with 0x, decimal, or text
 * @param meaning what the value says, or empty
 */
public record Field(String name, String value, String meaning) {
  public Field {
    Objects.requireNonNull(name);
    Objects.requireNonNull(value);
    Objects.requireNonNull(meaning);
  }

  /** A field in hexadecimal; {@code value} is taken as unsigned. */
  public static Field hex(String name, long value, String meaning) {
    return new Field(name, "0x" + Long.toHexString(value), meaning);
  }

  /** A field in decimal; {@code value} is taken as unsigned. */
  public static Field decimal(String name, long value, String meaning) {
    return new Field(name, Long.toUnsignedString(value), meaning);
  }

  /** A text that a stranger wrote: what is not printable ASCII is escaped. */
  public static Field text(String name, String value, String meaning) {
    return new Field(name, printable(value), meaning);
  }

  /**
   * {@code text} with all but printable ASCII as {@code \xNN} or {@code \}{@code uNNNN}, for
   * terminals and messages.
   */
  public static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= ' ' && c <= '~' && c != '\\') {
        out.append(c);
      } else {
        out.append(String.format(c <= 0xff ? "\\x%02x" : "\\u%04x", (int) c));
      }
    }
    return out.toString();
  }
}
