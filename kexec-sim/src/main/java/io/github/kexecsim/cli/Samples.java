package io.github.kexecsim.cli;

import io.github.kexecsim.loader.Architecture;
import io.github.kexecsim.loader.Machine;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.record.MachineSection;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** What is loaded, and on what, where nothing is named. */
final class Samples {
  private static final int IMAGE_SIZE = 0x10000;

  private Samples() {}

  /** A small zboot image of the architecture where there is one, else of arm64. */
  static InputFile image(Optional<Architecture> wanted) {
    ByteBuffer image = ByteBuffer.allocate(IMAGE_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    image.putInt(0, 0x14000000).putLong(16, IMAGE_SIZE).putLong(24, 0xa);
    image.position(0x38);
    image.put("ARMd".getBytes(StandardCharsets.US_ASCII));
    byte[] payload =
        Compressors.byMethod(CompressionMethod.GZIP).compress(ByteView.of(image.array()));
    return new InputFile(
        "built-in sample image",
        ByteView.of(
            ZbootWriter.write(Architecture.ARM64, "gzip", ByteView.of(payload), IMAGE_SIZE)));
  }

  /** A machine with 1 GiB of memory. */
  static Machine machine(Architecture architecture) {
    String base = architecture == Architecture.ARM64 ? "4" : "8";
    String section =
        architecture == Architecture.X86_64
            ? "{\"arch\":\"x86_64\",\"iomem\":\"00100000-3fffffff : System RAM\\n\"}"
            : "{\"arch\":\"%1$s\",\"memblock_memory\":\"   0: 0x%2$s0000000..0x%2$sfffffff\\n\",\"memblock_reserved\":\"   0: 0x%2$s0200000..0x%2$s08fffff\\n\"}"
                .formatted(architecture, base);
    return MachineSection.parse("sample " + architecture, section);
  }
}
