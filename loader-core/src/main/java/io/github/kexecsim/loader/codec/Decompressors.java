package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The decompressors by method. A codec's classes and native library are loaded when it is asked
 * for, and no other's with it.
 */
public final class Decompressors {
  private Decompressors() {}

  /** The decompressor of a method. */
  public static Decompressor byMethod(CompressionMethod method) {
    return switch (method) {
      case GZIP -> new GzipDecompressor();
      case BZIP2 -> new Bzip2Decompressor();
      case LZMA -> new LzmaDecompressor();
      case XZ -> new XzDecompressor();
      case LZO -> new LzoDecompressor();
      case LZ4 -> new Lz4Decompressor();
      case ZSTD -> new ZstdDecompressor();
    };
  }

  /**
   * The decompressor for the method name in an image's header.
   *
   * @throws KexecException {@link Reason#UNKNOWN_METHOD} for a name that no kernel build writes
   */
  public static Decompressor byMethodName(String name) {
    return byMethod(
        CompressionMethod.byName(name)
            .orElseThrow(
                () ->
                    new KexecException(
                        Reason.UNKNOWN_METHOD,
                        "the header names the compression method \""
                            + printable(name)
                            + "\", which is none of "
                            + knownNames(),
                        "check that the header is a zboot header, or repack the image")));
  }

  private static String knownNames() {
    return Arrays.stream(CompressionMethod.values())
        .flatMap(method -> method.names().stream())
        .collect(Collectors.joining(", "));
  }

  private static String printable(String name) {
    StringBuilder text = new StringBuilder();
    for (char c : name.toCharArray()) {
      if (c >= 0x20 && c < 0x7f) {
        text.append(c);
      } else {
        text.append(String.format("\\x%02x", (int) c));
      }
    }
    return text.toString();
  }
}
