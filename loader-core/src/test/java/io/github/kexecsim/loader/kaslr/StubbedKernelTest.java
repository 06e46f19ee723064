package io.github.kexecsim.loader.kaslr;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.RiscvImage;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A riscv64 kernel of 5 MiB on a machine with 64 MiB at 2 GiB, and on one with less. */
class StubbedKernelTest {
  private static final long MIB = 1 << 20;
  private static final long RAM = 0x8000_0000L;
  private static final KernelVersion WITH_KASLR = new KernelVersion(6, 6);

  private static Layer image(long size) {
    ByteBuffer header = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(16, size).putInt(32, 2).putLong(48, 0x5643_5349_52L).putInt(56, 0x0543_5352);
    ByteView bytes = ByteView.of(header.array());
    return new Layer(RiscvImage.parse(bytes, bytes.size()), bytes, Optional.empty());
  }

  private static StubbedKernel kernel(
      KernelVersion version, String commandLine, long seed, long mapped, PhysRange... free) {
    Machine machine =
        new MachineBuilder(Architecture.RISCV64)
            .iomem(Iomem.parse("80000000-83ffffff : System RAM\n"))
            .build();
    return new StubbedKernel(
        image(5 * MIB),
        PhysRange.ofSize(mapped, 5 * MIB),
        List.of(free),
        machine,
        version,
        commandLine,
        seed);
  }

  private static PhysicalKaslr physical(StubbedKernel kernel) {
    return kernel.outlook().orElseThrow().physical();
  }

  @Test
  void aRiscvKernelTakesTheLowestPlaceBeforeItHadKaslr() {
    PhysRange free = new PhysRange(RAM + 0x1000, RAM + 48 * MIB);
    StubbedKernel kernel = kernel(new KernelVersion(6, 5), "", 1, RAM + 50 * MIB, free);
    assertThat(physical(kernel).cause()).isEqualTo(KaslrCause.NOT_BUILT_IN);
    assertThat(physical(kernel).chosen()).hasValue(RAM + 2 * MIB);
    assertThat(kernel.outlook().orElseThrow().virtual().cause()).isEqualTo(KaslrCause.NOT_BUILT_IN);
  }

  @Test
  void aRiscvKernelTakesAnyPlaceSince() {
    PhysRange free = new PhysRange(RAM, RAM + 48 * MIB);
    Set<Long> chosen = new HashSet<>();
    for (long seed = 0; seed < 200; seed++) {
      StubbedKernel kernel = kernel(WITH_KASLR, "", seed, RAM + 50 * MIB, free);
      assertThat(physical(kernel).slots().count()).isEqualTo((48 - 5) / 2 + 1);
      chosen.add(physical(kernel).chosen().orElseThrow());
      assertThat(kernel.outlook().orElseThrow().virtual().cause()).isEqualTo(KaslrCause.RANDOMISED);
    }
    assertThat(chosen).hasSize((48 - 5) / 2 + 1).allMatch(at -> (at & 2 * MIB - 1) == 0);
  }

  @Test
  void nokaslrLeavesItWhereFirmwareMappedItIfThatIsAligned() {
    PhysRange free = new PhysRange(RAM, RAM + 48 * MIB);
    assertThat(physical(kernel(WITH_KASLR, "nokaslr", 1, RAM + 50 * MIB, free)).chosen())
        .hasValue(RAM + 50 * MIB);
    assertThat(physical(kernel(WITH_KASLR, "nokaslr", 1, RAM + 51 * MIB, free)).chosen())
        .hasValue(RAM + 42 * MIB);
  }

  @Test
  void whereNothingElseIsFreeItStays() {
    PhysRange free = new PhysRange(RAM, RAM + 4 * MIB);
    PhysicalKaslr physical = physical(kernel(WITH_KASLR, "", 1, RAM + 50 * MIB, free));
    assertThat(physical.cause()).isEqualTo(KaslrCause.NO_PLACE);
    assertThat(physical.chosen()).hasValue(RAM + 50 * MIB);
    assertThat(kernel(WITH_KASLR, "", 1, RAM + 51 * MIB, free).outlook()).isEmpty();
  }

  @Test
  void anImageForAnotherMachineHasNoOutlook() {
    Machine arm64 =
        new MachineBuilder(Architecture.ARM64)
            .iomem(Iomem.parse("80000000-83ffffff : System RAM\n"))
            .build();
    StubbedKernel riscv64 = kernel(WITH_KASLR, "", 1, RAM, new PhysRange(RAM, RAM + 48 * MIB));
    assertThat(
            new StubbedKernel(
                    riscv64.layer(), riscv64.mapped(), riscv64.free(), arm64, WITH_KASLR, "", 1)
                .outlook())
        .isEmpty();
  }
}
