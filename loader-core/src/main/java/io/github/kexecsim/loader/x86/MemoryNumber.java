package io.github.kexecsim.loader.x86;

/**
 * A number at the beginning of a text as early code reads it: octal with a leading 0, hexadecimal
 * with 0x, a suffix from K to E, and modulo 2^64 ({@code lib/cmdline.c, memparse} and {@code
 * arch/x86/boot/string.c, simple_strtoull}, v6.1).
 *
 * @param value 64 raw bits; 0 where there is no number
 * @param end how many characters it takes
 */
record MemoryNumber(long value, int end) {
  private static final String SUFFIXES = "kmgtpe";

  /** A number with a suffix: {@code memparse}. */
  static MemoryNumber withSuffix(String text, int from) {
    MemoryNumber plain = plain(text, from);
    int suffix = SUFFIXES.indexOf(Character.toLowerCase(at(text, plain.end)));
    if (suffix < 0) {
      return plain;
    }
    // 60 bits at most, so that shifts by more than 63 do not occur.
    return new MemoryNumber(plain.value << 10 * (suffix + 1), plain.end + 1);
  }

  /** A number alone: {@code simple_strtoull} with base 0. */
  static MemoryNumber plain(String text, int from) {
    int base = 10;
    int at = from;
    if (at(text, from) == '0') {
      boolean isHex =
          Character.toLowerCase(at(text, from + 1)) == 'x' && digit(at(text, from + 2)) >= 0;
      base = isHex ? 16 : 8;
      at += isHex ? 2 : 0;
    }
    long value = 0;
    while (digit(at(text, at)) >= 0 && digit(at(text, at)) < base) {
      value = value * base + digit(at(text, at));
      at++;
    }
    return new MemoryNumber(value, at);
  }

  /** The character, or the NUL that ends the text. */
  private static char at(String text, int index) {
    return index < text.length() ? text.charAt(index) : '\0';
  }

  private static int digit(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }
}
