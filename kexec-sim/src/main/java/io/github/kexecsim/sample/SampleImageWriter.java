package io.github.kexecsim.sample;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the samples that the jar carries, when it is built: each kernel raw and as a zboot image,
 * padded as the kernel build does it today, and each machine. The same code gives the same bytes.
 */
public final class SampleImageWriter {
  /** What the JDK itself decompresses, so that the built-in sample loads no native library. */
  private static final CompressionMethod METHOD = CompressionMethod.GZIP;

  private SampleImageWriter() {}

  /**
   * Writes all samples.
   *
   * @param arguments one: the directory to write to, which is made where it is missing
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      throw new IllegalArgumentException("usage: SampleImageWriter DIRECTORY");
    }
    Path directory = Files.createDirectories(Path.of(arguments[0]));
    writeKernel(directory, Architecture.ARM64, Arm64SampleKernel.image());
    writeKernel(directory, Architecture.RISCV64, Riscv64SampleKernel.image());
    for (Architecture architecture : Architecture.values()) {
      Files.writeString(
          directory.resolve(SampleFile.machine(architecture)),
          MachineDescription.of(architecture).toJson(),
          StandardCharsets.UTF_8);
    }
  }

  private static void writeKernel(Path directory, Architecture architecture, byte[] kernel)
      throws IOException {
    ByteView raw = ByteView.of(kernel);
    ByteView padded = ZbootWriter.padded(ImageProbe.parse(raw), raw, Limits.DEFAULT);
    byte[] payload = Compressors.byMethod(METHOD, architecture).compress(padded);
    byte[] zboot =
        ZbootWriter.write(architecture, METHOD.label(), ByteView.of(payload), padded.size());
    Files.write(directory.resolve(SampleFile.raw(architecture)), kernel);
    Files.write(directory.resolve(SampleFile.zboot(architecture)), zboot);
  }
}
