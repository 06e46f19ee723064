package io.github.kexecsim.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes and addresses, as people and options write them. */
final class ByteCount {
  private static final Pattern ARGUMENT =
      Pattern.compile("(?:0[xX](\\p{XDigit}{1,15})|(\\d{1,15})([KMG]?))");
  private static final String UNITS = "KMGTPE";

  private ByteCount() {}

  /** Hexadecimal with 0x; {@code value} is taken as unsigned. */
  static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }

  /** For instance {@code 512 B}, {@code 4 KiB} or {@code 5.7 MiB}. */
  static String human(long bytes) {
    if (bytes < 1 << 10) {
      return bytes + " B";
    }
    int unit = 0;
    double value = bytes / 1024.0;
    // What would round to 1024.0 belongs to the next unit.
    while (value >= 1023.95 && unit < UNITS.length() - 1) {
      value /= 1024;
      unit++;
    }
    String digits = String.format(Locale.ROOT, "%.1f", value);
    String shown = digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits;
    return shown + " " + UNITS.charAt(unit) + "iB";
  }

  /** For instance {@code 0x5b0000 bytes (5.7 MiB)}. */
  static String both(long bytes) {
    return hex(bytes) + " bytes (" + human(bytes) + ")";
  }

  /**
   * Reads the value of an option: a decimal number with or without K, M or G (of 1024), or a
   * hexadecimal one.
   *
   * @throws Failure with {@link ExitStatus#USAGE} unless it is from {@code least} to {@code most}
   */
  static long parse(Option option, String value, long least, long most) {
    Matcher matcher = ARGUMENT.matcher(value);
    if (matcher.matches()) {
      long number = number(matcher);
      if (least <= number && number <= most) {
        return number;
      }
    }
    throw Failure.usage(
        option.name()
            + ": expected a number from "
            + least
            + " to "
            + most
            + ", in decimal (with K, M or G behind it) or hexadecimal (0x...), not \""
            + value
            + "\"");
  }

  private static long number(Matcher matcher) {
    if (matcher.group(1) != null) {
      return Long.parseLong(matcher.group(1), 16);
    }
    String unit = matcher.group(3);
    int shift = unit.isEmpty() ? 0 : 10 * (UNITS.indexOf(unit.charAt(0)) + 1);
    long number = Long.parseLong(matcher.group(2));
    // Saturates instead of overflowing: every bound is below.
    return number > Long.MAX_VALUE >> shift ? Long.MAX_VALUE : number << shift;
  }
}
