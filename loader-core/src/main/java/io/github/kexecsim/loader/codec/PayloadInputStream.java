package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.InputStream;
import java.util.Objects;

/** Feeds a payload to a library's decoder, and knows how far that has read. */
final class PayloadInputStream extends InputStream {
  private final byte[] array;
  private final int start;
  private final int end;
  private int position;
  private boolean exhausted;

  PayloadInputStream(ByteView payload) {
    array = payload.array();
    start = payload.arrayOffset();
    end = start + payload.size();
    position = start;
  }

  /** How many bytes of the payload have been read. */
  int consumed() {
    return position - start;
  }

  /** Whether more was asked for than there is. */
  boolean exhausted() {
    return exhausted;
  }

  @Override
  public int read() {
    if (position == end) {
      exhausted = true;
      return -1;
    }
    return array[position++] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    int got = Math.min(length, end - position);
    if (got == 0) {
      exhausted = true;
      return -1;
    }
    System.arraycopy(array, position, target, offset, got);
    position += got;
    return got;
  }
}
