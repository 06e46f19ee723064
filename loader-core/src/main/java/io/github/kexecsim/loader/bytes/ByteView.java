package io.github.kexecsim.loader.bytes;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * A window on bytes with checked access. An access that does not fit is a {@link KexecException}
 * with {@link Reason#TRUNCATED} that names the offset, so parsers need no bounds checks of their
 * own. Offsets are {@code long}: a header's 32- and 64-bit fields can be passed in as they are, and
 * a negative one (a 64-bit value past 2^63) is out of bounds like any other.
 *
 * <p>The view shares its array with the caller and never writes to it.
 */
public final class ByteView {
  private final byte[] array;
  private final int start;
  private final int size;

  private ByteView(byte[] array, int start, int size) {
    this.array = array;
    this.start = start;
    this.size = size;
  }

  /** A view on the whole of {@code array}. */
  public static ByteView of(byte[] array) {
    return new ByteView(array, 0, array.length);
  }

  /**
   * A view on a part of {@code array}.
   *
   * @throws IndexOutOfBoundsException if the part is not inside the array
   */
  public static ByteView of(byte[] array, int offset, int size) {
    Objects.checkFromIndexSize(offset, size, array.length);
    return new ByteView(array, offset, size);
  }

  /** How many bytes the view shows. */
  public int size() {
    return size;
  }

  /** The backing array, to be read only, from {@link #arrayOffset()} for {@link #size()} bytes. */
  public byte[] array() {
    return array;
  }

  /** Where the view begins in {@link #array()}. */
  public int arrayOffset() {
    return start;
  }

  /** The byte at {@code offset}, 0 to 255. */
  public int u8(long offset) {
    return array[at(offset, 1)] & 0xff;
  }

  public int u16le(long offset) {
    int from = at(offset, 2);
    return array[from] & 0xff | (array[from + 1] & 0xff) << 8;
  }

  /** An unsigned 32-bit value, 0 to 2^32 - 1. */
  public long u32le(long offset) {
    return Integer.reverseBytes(int32be(at(offset, 4))) & 0xffff_ffffL;
  }

  /** 64 raw bits: compare them unsigned. */
  public long u64le(long offset) {
    return Long.reverseBytes(u64be(offset));
  }

  /** An unsigned 32-bit value, 0 to 2^32 - 1. */
  public long u32be(long offset) {
    return int32be(at(offset, 4)) & 0xffff_ffffL;
  }

  /** 64 raw bits: compare them unsigned. */
  public long u64be(long offset) {
    int from = at(offset, 8);
    return (long) int32be(from) << 32 | int32be(from + 4) & 0xffff_ffffL;
  }

  /** Byte by byte: headers are short, and a VarHandle is linked at every start. */
  private int int32be(int from) {
    return array[from] << 24
        | (array[from + 1] & 0xff) << 16
        | (array[from + 2] & 0xff) << 8
        | array[from + 3] & 0xff;
  }

  /** A view on {@code length} bytes from {@code offset}. */
  public ByteView slice(long offset, long length) {
    int from = at(offset, length);
    return new ByteView(array, from, (int) length);
  }

  /** A view on everything from {@code offset}, which may be {@link #size()}. */
  public ByteView from(long offset) {
    if (offset < 0 || offset > size) {
      throw outOfBounds(offset, 0);
    }
    return slice(offset, size - offset);
  }

  /**
   * Whether {@code expected} stands at {@code offset}; false, not an error, where it cannot fit.
   */
  public boolean matches(long offset, byte... expected) {
    if (offset < 0 || expected.length > size - offset) {
      return false;
    }
    int from = start + (int) offset;
    return Arrays.equals(array, from, from + expected.length, expected, 0, expected.length);
  }

  /** Whether the ASCII text {@code expected} stands at {@code offset}. */
  public boolean matches(long offset, String expected) {
    return matches(offset, expected.getBytes(StandardCharsets.ISO_8859_1));
  }

  /**
   * The text at {@code offset} up to its NUL, one character a byte (ISO 8859-1, so that nothing is
   * lost), or all of {@code maxLength} bytes where there is no NUL.
   */
  public String cString(long offset, int maxLength) {
    int from = at(offset, maxLength);
    int length = 0;
    while (length < maxLength && array[from + length] != 0) {
      length++;
    }
    return new String(array, from, length, StandardCharsets.ISO_8859_1);
  }

  /** Copies {@code length} bytes from {@code offset} to {@code target}. */
  public void copyTo(long offset, byte[] target, int targetOffset, int length) {
    System.arraycopy(array, at(offset, length), target, targetOffset, length);
  }

  /** A copy of the bytes. */
  public byte[] toByteArray() {
    return Arrays.copyOfRange(array, start, start + size);
  }

  private int at(long offset, long length) {
    if (offset < 0 || length < 0 || length > size - offset) {
      throw outOfBounds(offset, length);
    }
    return start + (int) offset;
  }

  private KexecException outOfBounds(long offset, long length) {
    return new KexecException(
        Reason.TRUNCATED,
        String.format(
            "needs 0x%x bytes at offset 0x%x, but only 0x%x bytes are there", length, offset, size),
        "the file may be cut short: compare its size with the original's");
  }

  /** Two views are equal when they show the same bytes. */
  @Override
  public boolean equals(Object other) {
    return other instanceof ByteView that
        && Arrays.equals(
            array, start, start + size, that.array, that.start, that.start + that.size);
  }

  @Override
  public int hashCode() {
    int hash = 1;
    for (int i = start; i < start + size; i++) {
      hash = 31 * hash + array[i];
    }
    return hash;
  }

  @Override
  public String toString() {
    return "ByteView[" + size + " bytes]";
  }
}
