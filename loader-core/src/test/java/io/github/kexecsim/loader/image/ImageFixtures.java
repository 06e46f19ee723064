package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.uki.UkiBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Small valid images of every format. */
public final class ImageFixtures {
  static final int RAW_SIZE = 0x3000;
  static final int RAW_IMAGE_SIZE = 0x8000;

  private ImageFixtures() {}

  /** One image of each format, by its name. */
  public static Map<String, byte[]> all() {
    Map<String, byte[]> images = new LinkedHashMap<>();
    images.put("zboot", zboot(arm64()));
    images.put("arm64-image", arm64());
    images.put("riscv-image", riscv());
    images.put("bzImage", bzImage(gzip(elf())));
    images.put("uki", uki(arm64()));
    images.put("loongarch-image", loongArch());
    images.put("arm-zImage", armZImage());
    images.put("x86-Image", x86Image());
    images.put("gzip", gzip(arm64()));
    images.put("elf", elf());
    return images;
  }

  /** A file of noise that compresses by half, to put a header on. */
  static byte[] noise(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    for (int i = 0; i < size; i += 2) {
      bytes[i] = 0;
    }
    return bytes;
  }

  public static byte[] arm64() {
    byte[] image = noise(RAW_SIZE);
    ByteBuffer out = head(image, 64);
    out.putInt(0, 0xfa405a4d);
    out.putInt(4, 0x140e203b);
    out.putLong(16, RAW_IMAGE_SIZE);
    out.putLong(24, 0xa);
    text(image, 0x38, "ARM\u0064");
    out.putInt(0x3c, 0x40);
    return image;
  }

  static byte[] riscv() {
    byte[] image = noise(RAW_SIZE);
    ByteBuffer out = head(image, 64);
    out.putInt(0, 0x106f5a4d);
    out.putLong(8, 0x200000);
    out.putLong(16, RAW_IMAGE_SIZE);
    out.putInt(32, 2);
    text(image, 0x30, "RISCV");
    text(image, 0x38, "RSC\u0005");
    out.putInt(0x3c, 0x40);
    return image;
  }

  static byte[] loongArch() {
    byte[] image = noise(RAW_SIZE);
    ByteBuffer out = head(image, 0x100);
    text(image, 0, "MZ");
    out.putLong(8, 0x201000);
    out.putLong(16, RAW_IMAGE_SIZE);
    out.putLong(24, 0x200000);
    out.putInt(0x38, 0x818223cd);
    out.putInt(0x3c, 0x40);
    text(image, 0x40, "PE\0\0");
    out.putShort(0x44, (short) 0x6264);
    return image;
  }

  static byte[] armZImage() {
    byte[] image = noise(RAW_SIZE);
    ByteBuffer out = head(image, 64);
    out.putInt(0x24, 0x016f2818);
    out.putInt(0x2c, RAW_SIZE);
    out.putInt(0x30, 0x04030201);
    out.putInt(0x34, 0x45454545);
    out.putInt(0x38, 0x40);
    return image;
  }

  static byte[] x86Image() {
    byte[] image = noise(RAW_SIZE);
    ByteBuffer out = head(image, 0x24);
    out.put(0xd, X86Image.nop()).putInt(0x10, RAW_IMAGE_SIZE);
    out.put(0x1d, X86Image.nop()).putInt(0x20, 0x2000);
    return image;
  }

  public static byte[] elf() {
    byte[] image = noise(RAW_SIZE);
    ByteBuffer out = head(image, 64);
    text(image, 0, "\u007fELF\u0002\u0001\u0001");
    out.putShort(16, (short) 2);
    out.putShort(18, (short) 62);
    out.putLong(24, 0x1000000);
    return image;
  }

  /** A bzImage of protocol 2.15 with 3 sectors of setup and a payload 0x40 bytes behind it. */
  public static byte[] bzImage(byte[] payload) {
    int setup = 4 * 512;
    byte[] image = new byte[setup + 0x40 + payload.length + 0x100];
    ByteBuffer out = head(image, setup);
    image[0x1f1] = 3;
    out.putShort(0x1fe, (short) 0xaa55);
    out.putShort(0x200, (short) 0x6aeb);
    text(image, 0x202, "HdrS");
    out.putShort(0x206, (short) 0x20f);
    image[0x211] = 1;
    out.putInt(0x22c, 0x7fffffff);
    out.putInt(0x230, 0x200000);
    image[0x234] = 1;
    image[0x235] = 21;
    out.putShort(0x236, (short) 0x7f);
    out.putInt(0x238, 2047);
    out.putInt(0x248, 0x40);
    out.putInt(0x24c, payload.length);
    out.putLong(0x258, 0x1000000);
    out.putInt(0x260, 0x10000);
    System.arraycopy(payload, 0, image, setup + 0x40, payload.length);
    return image;
  }

  /** A gzip zboot image for arm64 around {@code inner}. */
  public static byte[] zboot(byte[] inner) {
    return zboot("gzip", gzip(inner), inner.length);
  }

  static byte[] zboot(String method, byte[] payload, long uncompressedSize) {
    return ZbootWriter.write(Architecture.ARM64, method, ByteView.of(payload), uncompressedSize);
  }

  public static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** An arm64 UKI with every text, two profiles and a kernel. */
  static byte[] uki(byte[] kernel) {
    return UkiBuilder.of(PeMachine.ARM64)
        .stub("257.4")
        .section(".osrel", "ID=test\nPRETTY_NAME=\"Test 1\"\n")
        .section(".uname", "6.12.0")
        .section(".cmdline", "console=ttyAMA0")
        .section(".initrd", noise(0x800))
        .section(".linux", kernel)
        .section(".profile", "ID=main\nTITLE=Main\n")
        .section(".profile", "ID=other\n")
        .section(".cmdline", "quiet")
        .build();
  }

  /** {@code image} with a 32-bit field changed. */
  static byte[] with32(byte[] image, int offset, long value) {
    byte[] changed = image.clone();
    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, (int) value);
    return changed;
  }

  /** {@code image} with a text, and a NUL behind it, put in. */
  static byte[] withText(byte[] image, int offset, String text) {
    byte[] changed = image.clone();
    text(changed, offset, text + "\0");
    return changed;
  }

  private static ByteBuffer head(byte[] image, int size) {
    Arrays.fill(image, 0, size, (byte) 0);
    return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void text(byte[] image, int offset, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(bytes, 0, image, offset, bytes.length);
  }
}
