package io.github.kexecsim.model.asm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Instructions, data and labels in the order of the calls, little-endian. Operands that an
 * instruction cannot hold are an {@link IllegalArgumentException}: at the call where they are known
 * there, in {@link #assemble} where they hang on a label.
 *
 * @param <A> the assembler itself, which every call returns
 */
public abstract sealed class Assembler<A extends Assembler<A>>
    permits Arm64Assembler, Riscv64Assembler {
  /** More than any code of ours; keeps every offset an int. */
  private static final int MAX_SIZE = 16 << 20;

  private final List<Fixup> fixups = new ArrayList<>();
  private ByteBuffer code = ByteBuffer.allocate(1 << 10).order(ByteOrder.LITTLE_ENDIAN);
  private int reserved;

  Assembler() {}

  /** How an instruction is encoded that names a label. */
  @FunctionalInterface
  interface Encoding {
    /**
     * The instruction.
     *
     * @param distance from the instruction to the label, in bytes
     */
    int encode(int distance);
  }

  /** Bytes to be filled in when every label is known. */
  private record Fixup(int offset, Label label, Encoding encoding) {}

  abstract A self();

  /** The offset of what comes next, in bytes from the start; counts what was reserved. */
  public final int offset() {
    return code.position() + reserved;
  }

  /** Puts a label here. */
  public final A bind(Label label) {
    label.bind(offset());
    return self();
  }

  /** Zeros up to the next multiple of {@code alignment}, a power of two. */
  public final A align(int alignment) {
    int padding = padding(alignment);
    room(padding).position(code.position() + padding);
    return self();
  }

  /** Bytes as they are. */
  public final A data(byte[] bytes) {
    room(bytes.length).put(bytes);
    return self();
  }

  /** 32 bits of data. */
  public final A data32(int value) {
    room(Integer.BYTES).putInt(value);
    return self();
  }

  /** 64 bits of data. */
  public final A data64(long value) {
    room(Long.BYTES).putLong(value);
    return self();
  }

  /** 64 bits of data that hold a label's offset from the start. */
  public final A offset64(Label label) {
    int here = offset();
    emit(label, distance -> here + distance);
    return data32(0);
  }

  /**
   * Room behind everything that {@link #assemble} returns, such as a stack: memory that the file
   * does not hold. Nothing but more room and labels can follow.
   *
   * @param size in bytes
   * @param alignment of its first byte, a power of two
   */
  public final A reserve(int size, int alignment) {
    int padding = padding(alignment);
    if (size < 0 || size > MAX_SIZE - offset() - padding) {
      throw new IllegalArgumentException("room for " + size + " bytes at offset " + offset());
    }
    reserved += padding + size;
    return self();
  }

  /**
   * Resolves the labels.
   *
   * @return the bytes, without what was reserved behind them
   * @throws IllegalStateException if a label was never bound
   * @throws IllegalArgumentException if a label is farther away than an instruction reaches
   */
  public final byte[] assemble() {
    byte[] bytes = Arrays.copyOf(code.array(), code.position());
    ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (Fixup fixup : fixups) {
      int distance = fixup.label().offset() - fixup.offset();
      out.putInt(fixup.offset(), fixup.encoding().encode(distance));
    }
    return bytes;
  }

  final A emit(int instruction) {
    return data32(instruction);
  }

  final A emit(Label label, Encoding encoding) {
    fixups.add(new Fixup(offset(), label, encoding));
    return data32(0);
  }

  /** Checks a signed field of {@code bits} bits. */
  static int signed(long value, int bits, String what) {
    return (int) within(value, -(1L << (bits - 1)), (1L << (bits - 1)) - 1, what);
  }

  /** Checks an unsigned field of {@code bits} bits. */
  static int unsigned(long value, int bits, String what) {
    return (int) within(value, 0, (1L << bits) - 1, what);
  }

  /** Checks that a value is a multiple of {@code unit} and divides it. */
  static long scaled(long value, int unit, String what) {
    if (value % unit != 0) {
      throw new IllegalArgumentException(what + " " + value + " is no multiple of " + unit);
    }
    return value / unit;
  }

  private static long within(long value, long min, long max, String what) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          what + " " + value + " is not within " + min + " and " + max);
    }
    return value;
  }

  private int padding(int alignment) {
    if (Integer.bitCount(alignment) != 1 || alignment > MAX_SIZE) {
      throw new IllegalArgumentException("an alignment to " + alignment);
    }
    return -offset() & (alignment - 1);
  }

  private ByteBuffer room(int size) {
    if (reserved != 0) {
      throw new IllegalStateException("nothing that the file holds can follow reserved room");
    }
    if (size > MAX_SIZE - code.position()) {
      throw new IllegalArgumentException("the code would be longer than " + MAX_SIZE + " bytes");
    }
    if (size > code.remaining()) {
      int capacity = Math.max(2 * code.capacity(), code.position() + size);
      ByteBuffer larger = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
      code = larger.put(code.flip());
    }
    return code;
  }
}
