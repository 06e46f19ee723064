package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/**
 * Reads the variable-length integers of xz one after another (xz-file-format 1.2): seven bits a
 * byte, lowest first, the top bit set on all but the last, at most 63 bits, in the fewest bytes.
 */
final class XzVarints {
  private static final int MAX_BYTES = 9;

  private final ByteView bytes;
  private int offset;

  XzVarints(ByteView bytes, int offset) {
    this.bytes = bytes;
    this.offset = offset;
  }

  /** Where the next byte stands. */
  int offset() {
    return offset;
  }

  /** Reads one, 0 to 2^63 - 1. */
  long next() {
    int start = offset;
    long value = 0;
    for (int i = 0; i < MAX_BYTES; i++) {
      int b = bytes.u8(offset++);
      value |= (long) (b & 0x7f) << 7 * i;
      if (b < 0x80) {
        if (b == 0 && i > 0) {
          break;
        }
        return value;
      }
    }
    throw new KexecException(
        Reason.CORRUPT_PAYLOAD,
        String.format("no xz integer at offset 0x%x", start),
        XzDecompressor.DAMAGED);
  }

  /** Hands out a view on the next bytes and steps over them. */
  ByteView take(long length) {
    ByteView taken = bytes.slice(offset, length);
    offset += taken.size();
    return taken;
  }
}
