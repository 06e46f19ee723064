package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;

/** A bzip2 stream, byte by byte. */
final class Bzip2Positions implements Positions {
  @Override
  public void follow(ByteView payload, int size, Progress positions) {
    PayloadInputStream input = new PayloadInputStream(payload);
    try (InputStream decoder = new BZip2CompressorInputStream(input, false)) {
      for (int produced = 1; produced <= size; produced++) {
        // Before it hands out a block's last byte, the decoder has read the next block.
        int consumed = input.consumed();
        if (decoder.read() < 0) {
          throw CodecFault.truncated(CompressionMethod.BZIP2, consumed, "the last block");
        }
        positions.at(consumed, produced);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a stream that was decoded before", e);
    }
  }
}
