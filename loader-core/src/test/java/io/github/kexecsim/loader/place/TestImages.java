package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Kernel images that are nothing but a header. */
final class TestImages {
  private TestImages() {}

  /** An image of {@code fileSize} bytes that takes {@code memsz} and has no further wishes. */
  static FileContent plain(Architecture architecture, long fileSize, long memsz) {
    return switch (architecture) {
      case ARM64 -> arm64(fileSize, memsz, 0, 0);
      case RISCV64 -> riscv64(fileSize, memsz, 2 << 20);
      case LOONGARCH64 -> loongArch64(fileSize, memsz, 0x200000);
      case X86_64 -> x86(fileSize, memsz, 2 << 20, 1 << 20);
    };
  }

  static FileContent arm64(long fileSize, long imageSize, long textOffset, long flags) {
    ByteBuffer header = header(64);
    header.putLong(8, textOffset).putLong(16, imageSize).putLong(24, flags);
    put(header, 0x38, "ARMd");
    return content(header, fileSize);
  }

  static FileContent riscv64(long fileSize, long imageSize, long textOffset) {
    ByteBuffer header = header(64);
    header.putLong(8, textOffset).putLong(16, imageSize).putInt(32, 2);
    put(header, 0x38, "RSC\u0005");
    return content(header, fileSize);
  }

  static FileContent loongArch64(long fileSize, long kernelAsize, long textOffset) {
    ByteBuffer header = header(64);
    put(header, 0, "MZ");
    header.putLong(8, textOffset).putLong(16, kernelAsize).putLong(24, textOffset);
    return content(header, fileSize);
  }

  /** Four setup sectors and the boot sector, 0xa00 bytes, are no part of the kernel's segment. */
  static FileContent x86(long fileSize, long initSize, long alignment, long prefAddress) {
    ByteBuffer header = header(0x400);
    header.put(0x1f1, (byte) 4).putShort(0x1fe, (short) 0xaa55).put(0x201, (byte) 0x6a);
    put(header, 0x202, "HdrS");
    header.putShort(0x206, (short) 0x20f).put(0x211, (byte) 1);
    header.putInt(0x230, (int) alignment).putShort(0x236, (short) 0x7f).putInt(0x238, 2047);
    header.putLong(0x258, prefAddress).putInt(0x260, (int) initSize);
    return content(header, fileSize);
  }

  private static ByteBuffer header(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void put(ByteBuffer header, int offset, String text) {
    header.put(offset, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static FileContent content(ByteBuffer header, long fileSize) {
    return new FileContent(ByteView.of(header.array()), fileSize);
  }
}
