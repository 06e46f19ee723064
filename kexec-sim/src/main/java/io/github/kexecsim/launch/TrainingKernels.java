package io.github.kexecsim.launch;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SampleKernels;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A raw kernel of every architecture; where there is no sample, a header with nothing behind it.
 */
final class TrainingKernels {
  private static final int SIZE = 4096;

  private TrainingKernels() {}

  static ByteView raw(Architecture architecture) {
    return switch (architecture) {
      case ARM64, RISCV64 -> SampleKernels.raw(architecture);
      case LOONGARCH64 -> ByteView.of(loongArchImage());
      case X86_64 -> ByteView.of(bzImage());
    };
  }

  private static byte[] loongArchImage() {
    ByteBuffer image = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    put(image, 0, "MZ");
    image.putLong(8, 0x1000).putLong(16, SIZE).putLong(24, 0x20_0000);
    image.putInt(0x3c, 0x40);
    put(image, 0x40, "PE\0\0");
    image.putShort(0x44, (short) 0x6264);
    return image.array();
  }

  private static byte[] bzImage() {
    ByteBuffer image = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0x1f1, (byte) 1).putShort(0x1fe, (short) 0xaa55).putShort(0x200, (short) 0x6aeb);
    put(image, 0x202, "HdrS");
    image.putShort(0x206, (short) 0x20f).put(0x211, (byte) 1).putInt(0x22c, 0x7fff_ffff);
    image.putInt(0x230, 0x20_0000).put(0x234, (byte) 1).putShort(0x236, (short) 3);
    image.putInt(0x238, 2047).putLong(0x258, 0x100_0000).putInt(0x260, 0x10_0000);
    return image.array();
  }

  private static void put(ByteBuffer image, int offset, String ascii) {
    image.put(offset, ascii.getBytes(StandardCharsets.US_ASCII));
  }
}
