package io.github.kexecsim.loader.codec;

import java.util.BitSet;

/** Streams made by hand, bit by bit. */
final class BitWriter {
  private final BitSet bits = new BitSet();
  private int size;

  /** Appends the {@code count} low bits of {@code value}, lowest first. */
  BitWriter lowFirst(long value, int count) {
    for (int i = 0; i < count; i++) {
      bits.set(size++, (value >>> i & 1) != 0);
    }
    return this;
  }

  /** Appends the {@code count} low bits of {@code value}, highest first. */
  BitWriter highFirst(long value, int count) {
    for (int i = count - 1; i >= 0; i--) {
      bits.set(size++, (value >>> i & 1) != 0);
    }
    return this;
  }

  int size() {
    return size;
  }

  /** The bytes, each filled from its low end. */
  byte[] lowFirstBytes() {
    byte[] bytes = new byte[(size + 7) / 8];
    for (int i = 0; i < size; i++) {
      bytes[i / 8] |= (byte) ((bits.get(i) ? 1 : 0) << (i & 7));
    }
    return bytes;
  }

  /** The bytes, each filled from its high end. */
  byte[] highFirstBytes() {
    byte[] bytes = new byte[(size + 7) / 8];
    for (int i = 0; i < size; i++) {
      bytes[i / 8] |= (byte) ((bits.get(i) ? 0x80 : 0) >>> (i & 7));
    }
    return bytes;
  }
}
