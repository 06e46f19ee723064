package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.io.InputStream;
import org.tukaani.xz.SingleXZInputStream;

/** One .xz stream, with any filter and check that XZ for Java knows. */
final class XzDecompressor extends StreamDecompressor {
  /** The kernel build's largest dictionary is 128 MiB; {@code xz -9e} asks for 64 MiB. */
  private static final int MEMORY_LIMIT_KIB = 129 << 10;

  XzDecompressor() {
    super(CompressionMethod.XZ);
  }

  @Override
  InputStream open(ByteView payload, PayloadInputStream input, int capacity) throws IOException {
    method().requireMagic(payload);
    return new SingleXZInputStream(input, MEMORY_LIMIT_KIB);
  }
}
