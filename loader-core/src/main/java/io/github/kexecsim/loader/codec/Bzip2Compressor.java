package io.github.kexecsim.loader.codec;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;

/** As {@code bzip2 -9} writes it. */
final class Bzip2Compressor extends StreamCompressor {
  Bzip2Compressor() {
    super(CompressionMethod.BZIP2);
  }

  @Override
  OutputStream open(OutputStream output, int inputSize) throws IOException {
    return new BZip2CompressorOutputStream(output, BZip2CompressorOutputStream.MAX_BLOCKSIZE);
  }
}
