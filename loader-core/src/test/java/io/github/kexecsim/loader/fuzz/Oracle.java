package io.github.kexecsim.loader.fuzz;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Other decoders, which know better, or so it is assumed until they differ from ours. */
final class Oracle {
  private Oracle() {}

  /** Opens a stream that decodes. */
  interface Opener {
    InputStream open(InputStream in) throws IOException;
  }

  /**
   * What a decoder gives for a stream, cut behind {@code capacity + 1} bytes.
   *
   * @return empty where it refuses
   */
  static Optional<byte[]> decode(byte[] stream, int capacity, Opener opener) {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    byte[] buffer = new byte[4096];
    try (InputStream in = opener.open(new ByteArrayInputStream(stream))) {
      while (output.size() <= capacity) {
        int read = in.read(buffer, 0, Math.min(buffer.length, capacity + 1 - output.size()));
        if (read < 0) {
          break;
        }
        output.write(buffer, 0, read);
      }
      return Optional.of(output.toByteArray());
    } catch (IOException | IndexOutOfBoundsException refused) {
      // Commons Compress 1.28.0 leaves its Huffman tables for some damaged bzip2 streams.
      return Optional.empty();
    }
  }

  /** What came of DEFLATE: the output, and how many bytes of input it took. */
  record Inflated(byte[] output, int consumed) {}

  /**
   * Inflates one stream by zlib; empty where it refuses or more than {@code capacity} comes out.
   */
  static Optional<Inflated> inflate(byte[] stream, int capacity) {
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(stream);
      byte[] output = new byte[capacity + 1];
      int size = 0;
      while (!inflater.finished() && size < output.length) {
        int read = inflater.inflate(output, size, output.length - size);
        if (read == 0 && !inflater.finished()) {
          return Optional.empty(); // it needs more input, or a dictionary
        }
        size += read;
      }
      return inflater.finished() && size <= capacity
          ? Optional.of(
              new Inflated(Arrays.copyOf(output, size), Math.toIntExact(inflater.getBytesRead())))
          : Optional.empty();
    } catch (DataFormatException refused) {
      return Optional.empty();
    } finally {
      inflater.end();
    }
  }
}
