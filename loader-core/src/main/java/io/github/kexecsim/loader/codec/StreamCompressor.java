package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/** A codec whose encoder is a library's {@link OutputStream}. */
abstract class StreamCompressor implements Compressor {
  private final CompressionMethod method;

  StreamCompressor(CompressionMethod method) {
    this.method = method;
  }

  /** Starts a stream for {@code inputSize} bytes, to be finished by closing it. */
  abstract OutputStream open(OutputStream output, int inputSize) throws IOException;

  @Override
  public final CompressionMethod method() {
    return method;
  }

  @Override
  public final byte[] compress(ByteView input) {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try (OutputStream encoder = open(output, input.size())) {
      encoder.write(input.array(), input.arrayOffset(), input.size());
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return output.toByteArray();
  }

  /**
   * The dictionary for an input: the smallest power of two that holds it, as .lzma files must have
   * one, within bounds. LZMA's detection wants a low byte of 0.
   */
  static int dictionaryFor(int inputSize, int most) {
    int least = 64 << 10;
    long power = Math.max(least, Long.highestOneBit(Math.max(inputSize, 1) * 2L - 1));
    return (int) Math.min(power, most);
  }
}
