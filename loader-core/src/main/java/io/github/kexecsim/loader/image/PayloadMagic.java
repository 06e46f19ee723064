package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import java.util.Optional;

/** The first bytes of compressed streams ({@code lib/decompress.c, compressed_formats}, v6.1). */
enum PayloadMagic {
  GZIP(CompressionMethod.GZIP, 0x1f, 0x8b),
  BZIP2(CompressionMethod.BZIP2, 0x42, 0x5a, 0x68),
  LZMA(CompressionMethod.LZMA, 0x5d, 0x00, 0x00),
  XZ(CompressionMethod.XZ, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00),
  LZO(CompressionMethod.LZO, 0x89, 0x4c, 0x5a, 0x4f),
  LZ4(CompressionMethod.LZ4, 0x02, 0x21, 0x4c, 0x18),
  ZSTD(CompressionMethod.ZSTD, 0x28, 0xb5, 0x2f, 0xfd);

  private final CompressionMethod method;
  private final byte[] magic;

  PayloadMagic(CompressionMethod method, int... magic) {
    this.method = method;
    this.magic = new byte[magic.length];
    for (int i = 0; i < magic.length; i++) {
      this.magic[i] = (byte) magic[i];
    }
  }

  /** The method whose magic {@code payload} begins with. */
  static Optional<CompressionMethod> detect(ByteView payload) {
    for (PayloadMagic candidate : values()) {
      if (payload.matches(0, candidate.magic)) {
        return Optional.of(candidate.method);
      }
    }
    return Optional.empty();
  }
}
