package io.github.kexecsim.loader.x86;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.InPlace;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.limit.Limits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** A small bzImage that is laid out as the kernel's build does it. */
final class X86Fixtures {
  static final int SETUP = 0x800;
  static final int PAYLOAD_OFFSET = 0x40;
  static final int ELF_SIZE = 0x400;
  static final long PREF_ADDRESS = 0x100_0000;
  static final long TEXT = 0xffff_ffff_8100_0000L;

  private X86Fixtures() {}

  /** An ELF file of two segments, 0x100 bytes at 0 and 0x100 at 2 MiB, and words behind it. */
  static byte[] vmlinux(int... words) {
    ByteBuffer out = buffer(ELF_SIZE + 4 * words.length);
    text(out, 0, "\u007fELF\u0002\u0001\u0001");
    out.putShort(16, (short) 2).putShort(18, (short) 62).putLong(24, PREF_ADDRESS + 0x40);
    out.putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 2);
    segment(out, 64, 5, 0x200, 0, 0x180);
    segment(out, 120, 6, 0x300, 0x20_0000, 0x2000);
    for (int i = 0; i < words.length; i++) {
      out.putInt(ELF_SIZE + 4 * i, words[i]);
    }
    return out.array();
  }

  private static void segment(
      ByteBuffer out, int at, int flags, long offset, long place, long memsz) {
    out.putInt(at, 1).putInt(at + 4, flags).putLong(at + 8, offset);
    out.putLong(at + 16, TEXT + place).putLong(at + 24, PREF_ADDRESS + place);
    out.putLong(at + 32, 0x100).putLong(at + 40, memsz).putLong(at + 48, 0x20_0000);
  }

  static byte[] bzImage(byte[] kernel) {
    byte[] payload = gzip(kernel);
    int edata = roundUp(PAYLOAD_OFFSET + payload.length + 0x20, 0x200);
    int end = roundUp(edata + 0x14000 + 0x21000, 0x1000);
    long extract = InPlace.kernelStart(kernel.length, payload.length) + 0xfff & -0x1000;
    // The second segment goes to 2 MiB, which makes the kernel larger than its decompressor.
    long initSize = Math.max(end + extract, 0x20_2000);
    ByteBuffer out = buffer(SETUP + edata);
    text(out, 0, "MZ");
    out.putInt(0x3c, 0x40);
    text(out, 0x40, "PE\0\0");
    out.putShort(0x44, (short) 0x8664).putShort(0x46, (short) 1).putShort(0x54, (short) 112);
    out.putShort(0x58, (short) 0x20b);
    int section = 0x58 + 112;
    text(out, section, ".data");
    out.putInt(section + 8, end - edata + 0x200).putInt(section + 12, SETUP + edata - 0x200);
    out.putInt(section + 16, 0x200).putInt(section + 20, SETUP + edata - 0x200);
    out.put(0x1f1, (byte) 3).putInt(0x1f4, edata / 16).putShort(0x1fe, (short) 0xaa55);
    out.putShort(0x200, (short) 0x6aeb);
    text(out, 0x202, "HdrS");
    out.putShort(0x206, (short) 0x20f).put(0x211, (byte) 1).putInt(0x22c, 0x7fff_ffff);
    out.putInt(0x230, 0x20_0000).put(0x234, (byte) 1).put(0x235, (byte) 21);
    out.putShort(0x236, (short) 0x7f).putInt(0x238, 2047).putInt(0x248, PAYLOAD_OFFSET);
    out.putInt(0x24c, payload.length).putLong(0x258, PREF_ADDRESS).putInt(0x260, (int) initSize);
    out.put(SETUP + PAYLOAD_OFFSET, payload);
    return out.array();
  }

  static List<Layer> layers(byte[] file) {
    return Layers.of(ByteView.of(file), Limits.DEFAULT);
  }

  static byte[] with32(byte[] file, int offset, int value) {
    byte[] changed = file.clone();
    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
    return changed;
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static int roundUp(int value, int powerOfTwo) {
    return value + powerOfTwo - 1 & -powerOfTwo;
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void text(ByteBuffer out, int offset, String text) {
    out.put(offset, text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
