package io.github.kexecsim.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.fdt.FdtProperty;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MemoryWalk;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SampleMachinesTest {
  private static final long CRASH_SIZE = 128L << 20;

  @ParameterizedTest
  @EnumSource
  void describesWhatTheKernelItselfWalks(Architecture architecture) {
    Machine machine = SampleMachines.machine(architecture);
    assertThat(machine.architecture()).isEqualTo(architecture);
    assertThat(machine.walk())
        .isEqualTo(
            architecture == Architecture.X86_64 ? MemoryWalk.SYSTEM_RAM : MemoryWalk.MEMBLOCK);
    assertThat(machine.notes()).isEmpty();
    assertThat(SampleMachines.json(architecture)).contains(machine.walk().label());
  }

  @ParameterizedTest
  @EnumSource
  void keepsRoomForACrashKernelOutOfWhatIsFree(Architecture architecture) {
    Machine machine = SampleMachines.machine(architecture);
    PhysRange crash = machine.crashRegion().orElseThrow();
    assertThat(crash.size()).isEqualTo(CRASH_SIZE);
    boolean walked = PhysRangeSet.of(machine.ranges()).contains(crash);
    assertThat(walked).isEqualTo(architecture == Architecture.X86_64);
  }

  @ParameterizedTest
  @EnumSource(names = {"ARM64", "RISCV64"})
  void deviceTreeHasTheSameMemory(Architecture architecture) {
    Machine machine = SampleMachines.machine(architecture);
    FlattenedDeviceTree tree = machine.deviceTree().orElseThrow();
    FdtProperty reg = tree.node("/memory").orElseThrow().property("reg").orElseThrow();
    assertThat(reg.regions(2, 2))
        .map(region -> PhysRange.ofSize(region.address(), region.size()))
        .isEqualTo(machine.iomem().orElseThrow().systemRam());
  }
}
