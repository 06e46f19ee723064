package io.github.kexecsim.loader;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is told of files that no kernel of the machine takes. */
class KexecFileLoaderTest {
  private static final Map<Architecture, Errno> UNCLAIMED =
      Map.of(
          Architecture.ARM64, Errno.EINVAL,
          Architecture.RISCV64, Errno.EINVAL,
          Architecture.LOONGARCH64, Errno.ENOEXEC,
          Architecture.X86_64, Errno.ENOEXEC);

  @ParameterizedTest
  @EnumSource
  void aTextIsAnsweredAsTheArchitecturesOwnProbeDoes(Architecture architecture) {
    Refusal refusal = refusal(architecture, text("#!/bin/sh\n" + "echo no kernel\n".repeat(100)));

    assertThat(refusal.reason()).isEqualTo(Reason.UNKNOWN_FORMAT);
    assertThat(refusal.errno()).isEqualTo(UNCLAIMED.get(architecture));
  }

  @ParameterizedTest
  @EnumSource
  void aZImageIsNamed(Architecture architecture) {
    ByteBuffer zImage = bytes(4096);
    zImage.putInt(0x24, 0x016f2818).putInt(0x2c, 4096).putInt(0x30, 0x04030201);

    assertThat(refusal(architecture, zImage).reason()).isEqualTo(Reason.UNSUPPORTED_IMAGE);
  }

  @ParameterizedTest
  @EnumSource
  void anElfIsNamed(Architecture architecture) {
    ByteBuffer elf = bytes(4096);
    elf.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
    elf.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
    elf.putShort(52, (short) 64).putShort(54, (short) 56);

    assertThat(refusal(architecture, elf).reason()).isEqualTo(Reason.UNSUPPORTED_IMAGE);
  }

  @ParameterizedTest
  @EnumSource(names = {"LOONGARCH64", "X86_64"})
  void anImageOfAnotherArchitectureIsNamed(Architecture architecture) {
    Refusal refusal = refusal(architecture, arm64Image());

    assertThat(refusal.reason()).isEqualTo(Reason.WRONG_ARCHITECTURE);
    assertThat(refusal.errno()).isEqualTo(Errno.ENOEXEC);
  }

  @Test
  void riscv64AcceptsAnArm64ImageAndAWarningSaysWhatThatIsWorth() {
    LoadPlan plan = plan(Architecture.RISCV64, arm64Image());

    assertThat(plan.isLoadable()).isTrue();
    assertThat(plan.warnings()).isNotEmpty();
  }

  /** Found by mutation: a setup header too old to have the field that tells how old it is. */
  @Test
  void aBzImageOfAnImpossibleVersionIsRefused() {
    ByteBuffer image = bytes(0x1000);
    image.putShort(0x1fe, (short) 0xaa55);
    image.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII));
    image.putShort(0x206, (short) 0x100);

    assertThat(refusal(Architecture.X86_64, image).errno()).isEqualTo(Errno.ENOEXEC);
  }

  private static ByteBuffer arm64Image() {
    ByteBuffer image = bytes(4096);
    image.putLong(16, 0x10000).putLong(24, 0xa).putInt(0x38, 0x644d5241);
    return image;
  }

  private static ByteBuffer bytes(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static Refusal refusal(Architecture architecture, ByteBuffer image) {
    return plan(architecture, image).refusal().orElseThrow();
  }

  private static LoadPlan plan(Architecture architecture, ByteBuffer image) {
    Machine machine =
        new MachineBuilder(architecture)
            .iomem(Iomem.parse("40000000-7fffffff : System RAM\n"))
            .build();
    return KexecFileLoader.load(LoadRequest.of(ByteView.of(image.array()), machine));
  }
}
