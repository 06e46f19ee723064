package io.github.kexecsim.model.kimage;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import org.junit.jupiter.api.Test;

class FreeMemoryTest {
  private static final String IOMEM =
      """
      00001000-0009ffff : System RAM
      00100000-3fffffff : System RAM
        01000000-01ffffff : Kernel code
        20000000-27ffffff : Crash kernel
      100000000-13fffffff : System RAM
        130000000-13fffffff : Crash kernel
      """;

  @Test
  void x86KeepsTheFirstMibTheKernelAndBothCrashRegions() {
    Machine machine = new MachineBuilder(Architecture.X86_64).iomem(Iomem.parse(IOMEM)).build();

    assertThat(FreeMemory.of(machine))
        .isEqualTo(
            PhysRangeSet.of(
                new PhysRange(0x10_0000, 0x100_0000),
                new PhysRange(0x200_0000, 0x2000_0000),
                new PhysRange(0x2800_0000, 0x4000_0000),
                new PhysRange(0x1_0000_0000L, 0x1_3000_0000L)));
  }

  /** A page is free if all of it is; memblock tells what is, so that iomem is not asked. */
  @Test
  void elsewhereItIsWhatMemblockHasFreeInWholePages() {
    Machine machine =
        new MachineBuilder(Architecture.ARM64)
            .pageSize(0x1_0000)
            .iomem(Iomem.parse(IOMEM))
            .memblock(
                Memblock.parse(
                    "   0: 0x0000000000001000..0x000000003fffffff    0 NONE\n",
                    """
                       0: 0x0000000000100000..0x0000000000100fff
                       1: 0x0000000000118000..0x000000000012ffff
                       2: 0x0000000020000000..0x0000000027ffffff
                       3: 0x000000003fff0001..0x000000003fffffff
                    """))
            .build();

    assertThat(FreeMemory.of(machine))
        .isEqualTo(
            PhysRangeSet.of(
                new PhysRange(0x1_0000, 0x10_0000),
                new PhysRange(0x13_0000, 0x2000_0000),
                new PhysRange(0x2800_0000, 0x3fff_0000)));
  }
}
