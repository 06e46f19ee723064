package io.github.kexecsim.loader.fuzz;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Arrays;
import java.util.List;

/** A fuzzer's input, taken from the front: choices first, what is chosen for last. */
final class FuzzBytes {
  private final byte[] bytes;
  private int at;

  FuzzBytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The next byte, or 0 behind the end. */
  int u8() {
    return at < bytes.length ? bytes[at++] & 0xff : 0;
  }

  /** The next two bytes, little-endian. */
  int u16() {
    return u8() | u8() << 8;
  }

  /** The next four bytes, little-endian. */
  int i32() {
    return u16() | u16() << 16;
  }

  boolean flag() {
    return (u8() & 1) != 0;
  }

  /** One of some values. */
  <T> T pick(List<T> values) {
    return values.get(u8() % values.size());
  }

  /** Up to {@code most} bytes. */
  byte[] take(int most) {
    byte[] taken = Arrays.copyOfRange(bytes, at, at + Math.min(most, bytes.length - at));
    at += taken.length;
    return taken;
  }

  /** All that is left. */
  byte[] rest() {
    return take(bytes.length);
  }

  /** All that is left, where it is. */
  ByteView restView() {
    ByteView rest = ByteView.of(bytes, at, bytes.length - at);
    at = bytes.length;
    return rest;
  }

  /** An input that yields these choices and then these bytes. */
  static byte[] of(byte[] bytes, int... choices) {
    byte[] input = new byte[choices.length + bytes.length];
    for (int i = 0; i < choices.length; i++) {
      input[i] = (byte) choices[i];
    }
    System.arraycopy(bytes, 0, input, choices.length, bytes.length);
    return input;
  }
}
