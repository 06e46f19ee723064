package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The text of a section as the stub reads it: UTF-8 up to the first NUL, without what is not UTF-8
 * and without characters beyond 16 bits ({@code src/boot/efi-string.c, xstrn8_to_16}, v257).
 */
final class SectionText {
  private SectionText() {}

  /** The text of some bytes. */
  static String of(ByteView bytes) {
    int length = 0;
    while (length < bytes.size() && bytes.u8(length) != 0) {
      length++;
    }
    ByteBuffer encoded = ByteBuffer.wrap(bytes.array(), bytes.arrayOffset(), length);
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.IGNORE)
              .onUnmappableCharacter(CodingErrorAction.IGNORE)
              .decode(encoded)
              .toString();
      return text.codePoints().allMatch(Character::isBmpCodePoint) ? text : bmpOnly(text);
    } catch (CharacterCodingException e) {
      throw new AssertionError("nothing is reported", e);
    }
  }

  private static String bmpOnly(String text) {
    StringBuilder kept = new StringBuilder();
    text.codePoints().filter(Character::isBmpCodePoint).forEach(kept::appendCodePoint);
    return kept.toString();
  }

  /** The text of a section's first bytes, at most {@code limit}; empty where it leaves the file. */
  static Optional<String> head(Section section, ByteView file, int limit) {
    return bytes(section, file).map(bytes -> of(bytes.slice(0, Math.min(limit, bytes.size()))));
  }

  /** A section's bytes; empty where they are not inside the file. */
  static Optional<ByteView> bytes(Section section, ByteView file) {
    long size = Math.min(section.virtualSize(), section.rawSize());
    return section.rawOffset() <= file.size() && size <= file.size() - section.rawOffset()
        ? Optional.of(section.in(file))
        : Optional.empty();
  }

  /**
   * A command line as the stub cleans it up: blanks at its ends are dropped, control characters
   * inside become blanks ({@code src/boot/util.c, mangle_stub_cmdline}, v257).
   */
  static String commandLine(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isBlank(text.charAt(start))) {
      start++;
    }
    while (end > start && isBlank(text.charAt(end - 1))) {
      end--;
    }
    StringBuilder line = new StringBuilder(end - start);
    for (int i = start; i < end; i++) {
      line.append(isBlank(text.charAt(i)) ? ' ' : text.charAt(i));
    }
    return line.toString();
  }

  private static boolean isBlank(char c) {
    return c <= ' ' || c == 0x7f;
  }

  /**
   * The value of a key in lines of {@code KEY=value}, as os-release(5) has them; of several the
   * last one.
   */
  static Optional<String> value(String lines, String key) {
    Optional<String> value = Optional.empty();
    for (String line : lines.split("\n", -1)) {
      String stripped = line.strip();
      if (stripped.startsWith(key + "=")) {
        value = Optional.of(unquoted(stripped.substring(key.length() + 1)));
      }
    }
    return value;
  }

  private static String unquoted(String value) {
    char quote = value.isEmpty() ? ' ' : value.charAt(0);
    boolean quoted =
        (quote == '"' || quote == '\'')
            && value.length() > 1
            && value.charAt(value.length() - 1) == quote;
    if (!quoted) {
      return value;
    }
    StringBuilder plain = new StringBuilder();
    for (int i = 1; i < value.length() - 1; i++) {
      if (value.charAt(i) == '\\' && i < value.length() - 2) {
        i++;
      }
      plain.append(value.charAt(i));
    }
    return plain.toString();
  }
}
