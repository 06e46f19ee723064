package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;

/** One bzip2 stream. */
final class Bzip2Decompressor extends StreamDecompressor {
  Bzip2Decompressor() {
    super(CompressionMethod.BZIP2);
  }

  @Override
  InputStream open(ByteView payload, PayloadInputStream input, int capacity) throws IOException {
    method().requireMagic(payload);
    return new BZip2CompressorInputStream(input, false);
  }
}
