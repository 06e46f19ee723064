package io.github.kexecsim.loader.x86;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A command line as the early code of x86 reads it: byte by byte, one character each here. It has
 * two readers that differ in what separates words: one for switches ({@code
 * arch/x86/boot/cmdline.c, __cmdline_find_option_bool}), one for arguments with values ({@code
 * lib/cmdline.c, next_arg}; both v6.1).
 */
final class EarlyCommandLine {
  /** {@code COMMAND_LINE_SIZE} of x86, with the NUL: no more is looked at for arguments. */
  private static final int SIZE = 2048;

  /** No switch is looked for beyond this byte. */
  private static final int SWITCHES = 0x10000;

  /**
   * An argument.
   *
   * @param name what stands before the equals sign
   * @param value what stands behind it; empty where there is none
   */
  record Argument(String name, Optional<String> value) {}

  private final String text;

  EarlyCommandLine(String commandLine) {
    String bytes =
        new String(commandLine.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    int end = bytes.indexOf('\0');
    text = end < 0 ? bytes : bytes.substring(0, end);
  }

  /** Whether a word is exactly {@code name}; everything up to the blank separates words. */
  boolean has(String name) {
    int at = 0;
    while (at < text.length() && at < SWITCHES) {
      if (text.charAt(at) <= ' ') {
        at++;
        continue;
      }
      int end = at;
      while (end < text.length() && text.charAt(end) > ' ') {
        end++;
      }
      // The blank or NUL that ends the word must be within reach too.
      if (text.substring(at, end).equals(name) && end < SWITCHES) {
        return true;
      }
      at = end;
    }
    return false;
  }

  /** The arguments up to a {@code --} alone; quotes keep blanks together. */
  List<Argument> arguments() {
    String line = text.substring(0, Math.min(text.length(), SIZE - 1));
    List<Argument> arguments = new ArrayList<>();
    int at = skipBlanks(line, 0);
    while (at < line.length()) {
      int end = endOfArgument(line, at);
      Argument argument = argument(line.substring(at, end));
      if (argument.value().isEmpty() && argument.name().equals("--")) {
        break;
      }
      arguments.add(argument);
      at = skipBlanks(line, end);
    }
    return arguments;
  }

  private static int skipBlanks(String line, int from) {
    int at = from;
    while (at < line.length() && isBlank(line.charAt(at))) {
      at++;
    }
    return at;
  }

  private static int endOfArgument(String line, int from) {
    boolean inQuotes = false;
    int at = from;
    while (at < line.length() && (inQuotes || !isBlank(line.charAt(at)))) {
      inQuotes ^= line.charAt(at) == '"';
      at++;
    }
    return at;
  }

  /**
   * A leading quote of the whole, or of the value, is no part of it, nor is one at the end then.
   */
  private static Argument argument(String written) {
    boolean quoted = written.startsWith("\"");
    String whole = quoted ? written.substring(1) : written;
    int equals = whole.indexOf('=', 1);
    if (equals < 0) {
      return new Argument(quoted ? withoutLastQuote(whole) : whole, Optional.empty());
    }
    String value = whole.substring(equals + 1);
    boolean valueQuoted = value.startsWith("\"");
    value = valueQuoted ? value.substring(1) : value;
    value = quoted || valueQuoted ? withoutLastQuote(value) : value;
    return new Argument(whole.substring(0, equals), Optional.of(value));
  }

  private static String withoutLastQuote(String text) {
    return text.endsWith("\"") ? text.substring(0, text.length() - 1) : text;
  }

  /** {@code isspace} of {@code lib/ctype.c}: Latin-1's no-break space counts. */
  private static boolean isBlank(char c) {
    return c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0;
  }
}
