package io.github.kexecsim.loader.fdt;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Names and values in the bytes that a device tree has for them. */
final class FdtValues {
  private FdtValues() {}

  static byte[] u32(long... cells) {
    ByteBuffer out = ByteBuffer.allocate(Math.multiplyExact(4, cells.length));
    for (long cell : cells) {
      if (cell < 0 || cell > 0xffff_ffffL) {
        throw new IllegalArgumentException(String.format("0x%x does not fit a cell", cell));
      }
      out.putInt((int) cell);
    }
    return out.array();
  }

  static byte[] u64(long... values) {
    ByteBuffer out = ByteBuffer.allocate(Math.multiplyExact(8, values.length));
    for (long value : values) {
      out.putLong(value);
    }
    return out.array();
  }

  static byte[] strings(String... texts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String text : texts) {
      requireBytes(text);
      out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
      out.write(0);
    }
    return out.toByteArray();
  }

  static void requirePropertyName(String name) {
    requireBytes(name);
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a property needs a name");
    }
  }

  static void requireNodeName(String name) {
    requirePropertyName(name);
    if (name.indexOf('/') >= 0) {
      throw new IllegalArgumentException("a node's name has no slash: " + name);
    }
  }

  private static void requireBytes(String text) {
    if (text.chars().anyMatch(c -> c == 0 || c > 0xff)) {
      throw new IllegalArgumentException("not the text of a device tree: " + text);
    }
  }
}
