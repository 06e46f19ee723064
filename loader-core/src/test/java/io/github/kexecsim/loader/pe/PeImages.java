package io.github.kexecsim.loader.pe;

import static io.github.kexecsim.loader.pe.PeHeader.Section.CODE;
import static io.github.kexecsim.loader.pe.PeHeader.Section.EXECUTE;
import static io.github.kexecsim.loader.pe.PeHeader.Section.INITIALIZED_DATA;
import static io.github.kexecsim.loader.pe.PeHeader.Section.READ;
import static io.github.kexecsim.loader.pe.PeHeader.Section.WRITE;

import io.github.kexecsim.loader.bytes.ByteView;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Images that are written for tests. */
final class PeImages {
  static final long TEXT = CODE | READ | EXECUTE;
  static final long DATA = INITIALIZED_DATA | READ | WRITE;
  static final long RODATA = INITIALIZED_DATA | READ;

  private PeImages() {}

  /** Code, data with a BSS, and what is only read; nothing is wrong with it. */
  static PeWriter sound() {
    return new PeWriter(PeMachine.ARM64)
        .section(".text", 0x1000, filled(0x234, 1), TEXT)
        .section(".data", 0x2000, 0x1800, filled(0x200, 2), DATA)
        .section(".rodata", 0x4000, filled(0x10, 3), RODATA);
  }

  /** An image whose relocation table has these blocks; its data is at 0x2000. */
  static PeWriter relocatable(byte[]... blocks) {
    return relocatable(PeMachine.ARM64, blocks);
  }

  static PeWriter relocatable(PeMachine machine, byte[]... blocks) {
    ByteView table = ByteView.of(concat(blocks));
    return new PeWriter(machine)
        .section(".text", 0x1000, filled(0x234, 1), TEXT)
        .section(".data", 0x2000, 0x1000, filled(0x200, 2), DATA)
        .section(".reloc", 0x3000, table, RODATA)
        .directory(5, 0x3000, table.size());
  }

  /** A block of the relocation table for a page. */
  static byte[] block(long page, int... entries) {
    return sizedBlock(page, 8 + 2L * entries.length, entries);
  }

  /** A block that says what size it has. */
  static byte[] sizedBlock(long page, long size, int... entries) {
    ByteBuffer out = ByteBuffer.allocate(8 + 2 * entries.length).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt((int) page).putInt((int) size);
    for (int entry : entries) {
      out.putShort((short) entry);
    }
    return out.array();
  }

  static ByteView filled(int size, int with) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) with);
    return ByteView.of(bytes);
  }

  static ByteView file(PeWriter writer) {
    return ByteView.of(writer.write());
  }

  static PeHeader header(ByteView file) {
    return PeHeader.find(file).orElseThrow();
  }

  private static byte[] concat(byte[]... parts) {
    int size = Arrays.stream(parts).mapToInt(part -> part.length).sum();
    ByteBuffer all = ByteBuffer.allocate(size);
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }
}
