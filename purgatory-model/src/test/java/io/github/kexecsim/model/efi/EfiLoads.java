package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;

/** Images and machines for the emulated-EFI course. */
public final class EfiLoads {
  public static final long RAM = 0x4000_0000L;
  public static final long GIB = 1L << 30;
  public static final long MIB = 1L << 20;

  private static final int IMAGE_VERSION = 24 + 44;

  private EfiLoads() {}

  /** A machine with one range of memory. */
  public static Machine machine(long size) {
    return machine(Architecture.ARM64, 4096, RAM, size);
  }

  public static Machine machine(Architecture architecture, int pageSize, long ram, long size) {
    String iomem = String.format("%x-%x : System RAM\n", ram, ram + size - 1);
    return new MachineBuilder(architecture).pageSize(pageSize).iomem(Iomem.parse(iomem)).build();
  }

  /** An arm64 Image that fills its image_size, with bytes of little randomness. */
  public static byte[] kernel(int size, long seed) {
    byte[] bytes = new byte[size];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 64; i < size; i++) {
      bytes[i] = (byte) random.nextInt(4);
    }
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0, 0x91005a4d)
        .putInt(4, 0x1400_0040)
        .putLong(16, size)
        .putLong(24, 0xa)
        .putInt(56, 0x644d_5241);
    return bytes;
  }

  /** A zboot image of a kernel with a stub of version 3.0. */
  public static byte[] zboot(byte[] kernel, CompressionMethod method) {
    return zboot(ByteView.of(kernel), method, kernel.length);
  }

  /** A zboot image that declares what it likes. */
  public static byte[] zboot(ByteView kernel, CompressionMethod method, long declared) {
    byte[] payload = Compressors.byMethod(method).compress(kernel);
    return withStub(
        ZbootWriter.write(Architecture.ARM64, method.label(), ByteView.of(payload), declared), 3);
  }

  /** Sets the version of the stub in the PE header. */
  public static byte[] withStub(byte[] zboot, int majorVersion) {
    byte[] changed = zboot.clone();
    ByteBuffer image = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
    image.putShort(image.getInt(0x3c) + IMAGE_VERSION, (short) majorVersion);
    return changed;
  }

  /** A request for the image on a machine of 1 GiB. */
  public static LoadRequest request(byte[] image) {
    return LoadRequest.of(ByteView.of(image), machine(GIB));
  }

  /** A small kernel, zstd. */
  public static LoadRequest small() {
    return request(zboot(kernel(300_000, 1), CompressionMethod.ZSTD));
  }

  /** One of the real images; skips the test where there are none. */
  public static byte[] realImage(String name) throws IOException {
    Path file = Path.of(System.getProperty("kexecsim.images", "absent"), name);
    Assumptions.assumeTrue(
        Files.isRegularFile(file), "skipped: no real images beside the checkout");
    return Files.readAllBytes(file);
  }

  /** The names of the services that were called, in order. */
  public static List<String> calls(EfiOutcome outcome) {
    return outcome.events().stream().filter(EfiEvent::isCall).map(EfiEvent::name).toList();
  }
}
