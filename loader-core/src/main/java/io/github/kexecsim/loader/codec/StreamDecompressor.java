package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import java.io.IOException;
import java.io.InputStream;

/** A codec whose decoder is a library's {@link InputStream}, which holds nothing but memory. */
abstract class StreamDecompressor implements Decompressor {
  private final CompressionMethod method;

  StreamDecompressor(CompressionMethod method) {
    this.method = method;
  }

  /**
   * Starts decoding.
   *
   * @param payload what {@code input} reads
   * @param input the payload from its start
   * @param capacity one byte more than this is read of the output at most
   * @throws IOException if the payload is refused
   */
  abstract InputStream open(ByteView payload, PayloadInputStream input, int capacity)
      throws IOException;

  @Override
  public final CompressionMethod method() {
    return method;
  }

  @Override
  public final int decompress(ByteView payload, byte[] destination, Progress progress) {
    PayloadInputStream input = new PayloadInputStream(payload);
    InputStream decoder = start(payload, input, destination.length);
    int produced = 0;
    while (produced < destination.length) {
      int wanted = Math.min(Progress.STEP, destination.length - produced);
      int got = read(decoder, input, destination, produced, wanted);
      if (got < 0) {
        break;
      }
      produced += got;
      progress.at(input.consumed(), produced);
    }
    // A full destination is not yet the end of the stream: its last checks are still to come.
    if (read(decoder, input, new byte[1], 0, 1) > 0) {
      throw CodecFault.overflow(method, destination.length);
    }
    progress.at(input.consumed(), produced);
    return produced;
  }

  private InputStream start(ByteView payload, PayloadInputStream input, int capacity) {
    try {
      return open(payload, input, capacity);
    } catch (KexecException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw fault(input, e);
    }
  }

  private int read(
      InputStream decoder, PayloadInputStream input, byte[] target, int from, int length) {
    try {
      return decoder.read(target, from, length);
    } catch (IOException | RuntimeException e) {
      throw fault(input, e);
    }
  }

  /** Libraries let array bounds find some of the damage, so any exception of theirs means it. */
  private KexecException fault(PayloadInputStream input, Exception e) {
    return input.exhausted()
        ? CodecFault.truncated(method, input.consumed(), "the compressed stream", e)
        : CodecFault.corrupt(method, input.consumed(), String.valueOf(e.getMessage()), e);
  }
}
