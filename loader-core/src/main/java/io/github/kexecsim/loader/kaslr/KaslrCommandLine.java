package io.github.kexecsim.loader.kaslr;

import java.nio.charset.StandardCharsets;

/**
 * How a kernel looks for {@code nokaslr} long before its real parser of parameters can run. Each of
 * these takes something for it that the others do not.
 */
enum KaslrCommandLine {
  /**
   * The first occurrence counts, if it is at the beginning or behind a space: what follows it does
   * not matter, and neither does a second one ({@code arch/arm64/kernel/pi/kaslr_early.c,
   * cmdline_contains_nokaslr} up to v6.8; {@code arch/loongarch/kernel/relocate.c,
   * kaslr_disabled}).
   */
  FIRST_OCCURRENCE {
    @Override
    boolean disables(String commandLine) {
      return startsWord(commandLine, NOKASLR);
    }
  },
  /**
   * Anywhere in the first 1023 bytes, within other words too ({@code
   * arch/riscv/kernel/pi/cmdline_early.c, match_nokaslr}).
   */
  ANYWHERE {
    @Override
    boolean disables(String commandLine) {
      String bytes = bytesAsCharacters(commandLine);
      int seen = Math.min(bytes.length(), RISCV_COMMAND_LINE_SIZE - 1);
      return bytes.substring(0, seen).contains(NOKASLR);
    }
  },
  /**
   * As a word of its own before a {@code --} ({@code
   * drivers/firmware/efi/libstub/efi-stub-helper.c, efi_parse_options}, v6.1).
   */
  EFI_STUB {
    @Override
    boolean disables(String commandLine) {
      for (String word : commandLine.trim().split("\\s+")) {
        if (word.equals("--")) {
          return false;
        }
        if (word.equals(NOKASLR)) {
          return true;
        }
      }
      return false;
    }
  },
  /**
   * As a word of its own before a {@code --}, or {@code arm64_sw.nokaslr=} with one hexadecimal
   * digit, of which the last counts ({@code arch/arm64/kernel/pi/idreg-override.c,
   * __parse_cmdline}, v6.9 on).
   */
  WORD {
    @Override
    boolean disables(String commandLine) {
      boolean disabled = false;
      String rest = stripped(bytesAsCharacters(commandLine));
      while (!rest.isEmpty() && !endsParameters(rest)) {
        int length = wordLength(rest);
        String word = rest.substring(0, length).replace('-', '_');
        if (word.equals(NOKASLR)) {
          disabled = true;
        } else if (word.startsWith(OVERRIDE)) {
          int digit = digit(word.substring(OVERRIDE.length()));
          disabled = digit < 0 ? disabled : digit != 0;
        }
        rest = stripped(rest.substring(length));
      }
      return disabled;
    }
  };

  private static final String NOKASLR = "nokaslr";
  private static final String OVERRIDE = "arm64_sw.nokaslr=";
  private static final int RISCV_COMMAND_LINE_SIZE = 1024;

  /** A longer word is taken apart. */
  private static final int LONGEST_WORD = 255;

  /** Whether the kernel takes {@code commandLine} for one that turns randomisation off. */
  abstract boolean disables(String commandLine);

  /** Whether the first occurrence of {@code word} is at the beginning or behind a space. */
  static boolean startsWord(String commandLine, String word) {
    int at = commandLine.indexOf(word);
    return at == 0 || at > 0 && commandLine.charAt(at - 1) == ' ';
  }

  /** One character for each byte that lies in memory. */
  private static String bytesAsCharacters(String commandLine) {
    return new String(commandLine.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  /** The kernel's isspace, to which the no-break space of Latin-1 belongs. */
  private static boolean isSpace(char c) {
    return c == ' ' || c >= '\t' && c <= '\r' || c == '\u00a0';
  }

  private static String stripped(String text) {
    int begin = 0;
    while (begin < text.length() && isSpace(text.charAt(begin))) {
      begin++;
    }
    return text.substring(begin);
  }

  private static boolean endsParameters(String rest) {
    return rest.startsWith("--") && rest.length() > 2 && isSpace(rest.charAt(2));
  }

  private static int wordLength(String rest) {
    int length = 0;
    while (length < rest.length() && length < LONGEST_WORD && !isSpace(rest.charAt(length))) {
      length++;
    }
    return length;
  }

  /** The value of a single hexadecimal digit with or without 0x before it, or -1. */
  private static int digit(String text) {
    boolean isPrefixed = text.startsWith("0x") || text.startsWith("0X");
    String digits = isPrefixed ? text.substring(2) : text;
    boolean isAscii = digits.length() == 1 && digits.charAt(0) < 0x80;
    return isAscii ? Character.digit(digits.charAt(0), 16) : -1;
  }
}
