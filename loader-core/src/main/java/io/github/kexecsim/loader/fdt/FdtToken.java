package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.Alignment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A token of the structure block (Devicetree Specification 5.4.1) with what belongs to it.
 *
 * @param tag which
 * @param name of the node or the property, else empty
 * @param value of the property, else empty
 * @param bytes the token as it stands in the block, its padding included
 */
record FdtToken(Tag tag, String name, ByteView value, ByteView bytes) {
  static final FdtToken END_NODE = bare(Tag.END_NODE);
  static final FdtToken NOP = bare(Tag.NOP);
  static final FdtToken END = bare(Tag.END);

  enum Tag {
    BEGIN_NODE(1),
    END_NODE(2),
    PROP(3),
    NOP(4),
    END(9);

    final int number;

    Tag(int number) {
      this.number = number;
    }

    /** The tag of an unsigned 32-bit word, or null. */
    static Tag byNumber(long number) {
      for (Tag tag : values()) {
        if (tag.number == number) {
          return tag;
        }
      }
      return null;
    }
  }

  /** The size that {@code size} bytes take in the block: tokens stand on multiples of 4. */
  static long align(long size) {
    return Alignment.up(size, 4);
  }

  static FdtToken beginNode(String name) {
    byte[] text = name.getBytes(StandardCharsets.ISO_8859_1);
    int size = 4 + Math.toIntExact(align(text.length + 1L));
    byte[] bytes = ByteBuffer.allocate(size).putInt(Tag.BEGIN_NODE.number).put(text).array();
    return new FdtToken(Tag.BEGIN_NODE, name, ByteView.of(bytes, 0, 0), ByteView.of(bytes));
  }

  /**
   * A property.
   *
   * @param nameoff where its name stands in the strings block
   */
  static FdtToken property(String name, int nameoff, byte[] value) {
    int size = Math.toIntExact(12 + align(value.length));
    ByteBuffer bytes = ByteBuffer.allocate(size).putInt(Tag.PROP.number);
    bytes.putInt(value.length).putInt(nameoff).put(value);
    byte[] array = bytes.array();
    return new FdtToken(Tag.PROP, name, ByteView.of(array, 12, value.length), ByteView.of(array));
  }

  /** This property with another value; where its name stands does not change. */
  FdtToken withValue(byte[] newValue) {
    return property(name, (int) bytes.u32be(8), newValue);
  }

  private static FdtToken bare(Tag tag) {
    ByteView bytes = ByteView.of(ByteBuffer.allocate(4).putInt(tag.number).array());
    return new FdtToken(tag, "", bytes.slice(0, 0), bytes);
  }
}
