package io.github.kexecsim.cli;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/**
 * A file that was read.
 *
 * @param name as the user wrote it
 * @param bytes all of it
 */
record InputFile(String name, ByteView bytes) {
  /** The bytes as text. What is not UTF-8 (in a boot log, say) becomes a replacement character. */
  String text() {
    return new String(bytes.array(), bytes.arrayOffset(), bytes.size(), StandardCharsets.UTF_8);
  }

  /**
   * What {@code parser} makes of the text.
   *
   * @throws KexecException what {@code parser} throws, with the file's name in front
   */
  <T> T parse(Function<String, T> parser) {
    try {
      return parser.apply(text());
    } catch (KexecException e) {
      throw new KexecException(e.reason(), e.errno(), name + ": " + e.getMessage(), e.hint(), e);
    }
  }
}
