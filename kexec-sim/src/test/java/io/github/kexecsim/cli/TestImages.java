package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.pe.PeWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Kernel images and machines to try the command on. */
final class TestImages {
  /** A machine section: arm64 with 64 MiB, of which the last 60 are free. */
  static final String MACHINE =
      """
      {
        "arch": "arm64",
        "kernel_version": "7.2.13",
        "page_size": 4096,
        "memblock_memory": "   0: 0x40000000..0x43ffffff    0 NONE\\n",
        "memblock_reserved": "   0: 0x40000000..0x403fffff    0 NONE\\n"
      }
      """;

  /** Initialized data that is read. */
  private static final long DATA = 0x4000_0040;

  private TestImages() {}

  /** A raw arm64 Image: a header, and random bytes that do not compress. */
  static byte[] image(int size, long imageSize) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(0, 0x1400_0010).putInt(4, 0).putLong(8, 0).putLong(16, imageSize);
    header.putLong(24, 0xa).putLong(32, 0).putLong(40, 0).putLong(48, 0);
    header.putInt(0x38, 0x644d_5241).putInt(0x3c, 0);
    return bytes;
  }

  static byte[] zboot(byte[] image, String methodName) {
    CompressionMethod method = CompressionMethod.byName(methodName).orElseThrow();
    byte[] payload = Compressors.byMethod(method).compress(ByteView.of(image));
    return ZbootWriter.write(Architecture.ARM64, methodName, ByteView.of(payload), image.length);
  }

  /** An arm64 UKI of two profiles around a kernel of 16 KiB at most. */
  static byte[] uki(ByteView kernel) {
    return new PeWriter(PeMachine.ARM64)
        .section(".text", 0x10000, text("stub"), 0x6000_0020)
        .section(".sdmagic", 0x11000, text("#### LoaderInfo: systemd-stub 257.4 ####"), DATA)
        .section(".osrel", 0x12000, text("ID=sample\nPRETTY_NAME=\"Sample 1\"\n"), DATA)
        .section(".uname", 0x13000, text("6.12.0"), DATA)
        .section(".cmdline", 0x14000, text("console=ttyAMA0 quiet\n"), DATA)
        .section(".ucode", 0x15000, text("microcode"), DATA)
        .section(".linux", 0x20000, kernel, DATA)
        .section(".initrd", 0x24000, ByteView.of(new byte[5001]), DATA)
        .section(".profile", 0x26000, text("ID=main\nTITLE=Sample\n"), DATA)
        .section(".profile", 0x27000, text("ID=rescue\nTITLE=\"Rescue shell\"\n"), DATA)
        .section(".cmdline", 0x28000, text("console=ttyAMA0 rescue"), DATA)
        .write();
  }

  /** An arm64 UKI of many profiles, p0 and so on. */
  static byte[] uki(ByteView kernel, int profiles) {
    PeWriter writer =
        new PeWriter(PeMachine.ARM64)
            .section(".text", 0x10000, text("stub"), 0x6000_0020)
            .section(".osrel", 0x12000, text("ID=sample\n"), DATA)
            .section(".linux", 0x20000, kernel, DATA);
    for (int i = 0; i < profiles; i++) {
      writer.section(".profile", 0x40000 + 0x1000L * i, text("ID=p" + i), DATA);
    }
    return writer.write();
  }

  /** An arm64 UKI as objcopy makes one: nobody looked whether the kernel fits before the initrd. */
  static byte[] overlappingUki(ByteView kernel) {
    return new PeWriter(PeMachine.ARM64)
        .section(".text", 0x10000, text("stub"), 0x6000_0020)
        .section(".osrel", 0x12000, text("ID=sample\n"), DATA)
        .section(".linux", 0x20000, kernel, DATA)
        .section(".initrd", 0x22000, ByteView.of(new byte[5001]), DATA)
        .write();
  }

  /** What appends to a UKI's command line. */
  static byte[] addon(String commandLine) {
    return new PeWriter(PeMachine.ARM64)
        .section(".text", 0x1000, text("stub"), 0x6000_0020)
        .section(".cmdline", 0x2000, text(commandLine), DATA)
        .write();
  }

  private static ByteView text(String text) {
    return ByteView.of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A copy with a 32-bit word overwritten. */
  static byte[] with(byte[] bytes, int offset, int word) {
    byte[] copy = bytes.clone();
    ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, word);
    return copy;
  }

  static int word(byte[] bytes, int offset) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(offset);
  }

  /** The folder that a system property names; the test is skipped where there is none. */
  static Path folder(String property) {
    String name = System.getProperty(property, "");
    Path folder = Path.of(name);
    assumeTrue(
        !name.isEmpty() && Files.isDirectory(folder),
        () -> "skipped: " + property + " names no folder: \"" + name + "\"");
    return folder;
  }

  static void write(Path directory, String name, byte[] bytes) throws Exception {
    assertThat(Files.write(directory.resolve(name), bytes)).exists();
  }
}
