package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.BitSet;

/** Finds every place where a bzip2 block may begin: its magic's 48 bits, at any bit. */
final class Bzip2Magics {
  private static final int MAGIC_BITS = 48;

  /** A magic fills at least five bytes, so four pairs of neighbours: one starts at a multiple. */
  private static final int STRIDE = 4;

  /** Which pairs of bytes occur in the magic, at any shift. */
  private static final BitSet PAIRS = pairs();

  private final ByteView payload;
  private long next;
  private long bit;

  Bzip2Magics(ByteView payload, long firstBit) {
    this.payload = payload;
    this.next = firstBit;
  }

  private static BitSet pairs() {
    BitSet pairs = new BitSet(1 << 16);
    for (int behind = 0; behind <= MAGIC_BITS - 16; behind++) {
      pairs.set((int) (Bzip2Block.MAGIC >>> behind) & 0xffff);
    }
    return pairs;
  }

  /** Passes over everything before {@code firstBit}. */
  void skipTo(long firstBit) {
    next = Math.max(next, firstBit);
  }

  /** Goes to the next magic; false when there is none. */
  boolean advance() {
    while (true) {
      // The one pair at a multiple that all magics from `next` to bit 8 * index fill.
      int index = pairFrom((int) (next + 7 >>> 3) + STRIDE - 1 & -STRIDE);
      if (index < 0) {
        return false;
      }
      long last = (long) index << 3;
      for (long b = Math.max(next, last - (STRIDE * 8 - 1)); b <= last; b++) {
        if (magicAt(b)) {
          bit = b;
          next = b + 1;
          return true;
        }
      }
      next = last + 1;
    }
  }

  /** Where the magic begins, in bits from the payload's start. */
  long bit() {
    return bit;
  }

  private int pairFrom(int first) {
    byte[] src = payload.array();
    int start = payload.arrayOffset();
    int end = payload.size() - 1;
    for (int i = first; i < end; i += STRIDE) {
      if (PAIRS.get((src[start + i] & 0xff) << 8 | src[start + i + 1] & 0xff)) {
        return i;
      }
    }
    return -1;
  }

  private boolean magicAt(long from) {
    int first = (int) (from >>> 3);
    int end = (int) (from + MAGIC_BITS + 7 >>> 3);
    if (end > payload.size()) {
      return false;
    }
    long value = 0;
    for (int i = first; i < end; i++) {
      value = value << 8 | payload.u8(i);
    }
    value >>>= -(from + MAGIC_BITS) & 7;
    return (value & (1L << MAGIC_BITS) - 1) == Bzip2Block.MAGIC;
  }
}
