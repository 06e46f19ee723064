package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.machine.Architecture;
import java.util.Optional;

/** The compressors by method, loaded when they are asked for. */
public final class Compressors {
  private Compressors() {}

  /** The compressor of a method, with nothing that is particular to an architecture. */
  public static Compressor byMethod(CompressionMethod method) {
    return create(method, Optional.empty());
  }

  /**
   * The compressor of a method for a kernel of {@code target}: xz filters and aligns for its
   * instructions as {@code scripts/xz_wrap.sh} (v6.12) has it, the others do not care.
   */
  public static Compressor byMethod(CompressionMethod method, Architecture target) {
    return create(method, Optional.of(target));
  }

  private static Compressor create(CompressionMethod method, Optional<Architecture> target) {
    return switch (method) {
      case GZIP -> new GzipCompressor();
      case BZIP2 -> new Bzip2Compressor();
      case LZMA -> new LzmaCompressor();
      case XZ -> new XzCompressor(target);
      case LZO -> new LzoCompressor();
      case LZ4 -> new Lz4Compressor();
      case ZSTD -> new ZstdCompressor();
    };
  }
}
