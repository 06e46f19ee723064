package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import org.junit.jupiter.api.Test;

/** What memory a crash kernel is told of. */
class CrashE820Test {
  private static final Machine MACHINE =
      new MachineBuilder(Architecture.X86_64)
          .iomem(
              Iomem.parse(
                  """
                  00000000-00000fff : Reserved
                  00001000-0009ffff : System RAM
                  00100000-7fefffff : System RAM
                    20000000-2fffffff : Crash kernel
                  7ff00000-7ff0ffff : ACPI Tables
                  7ff10000-7ff1ffff : ACPI Non-volatile Storage
                  100000000-17fffffff : System RAM
                    140000000-14fffffff : Crash kernel
                  """))
          .build();

  private static E820Entry entry(long start, long end, long type) {
    return new E820Entry(new PhysRange(start, end), type);
  }

  @Test
  void allThatFirmwareNeedsAndBothCrashRegions() {
    assertThat(CrashE820.of(MACHINE, 0x1_4000_0000L, 0x1000))
        .containsExactly(
            entry(0x1000, 0xa_0000, E820Entry.RAM),
            entry(0x7ff0_0000, 0x7ff1_0000, E820Entry.ACPI),
            entry(0x7ff1_0000, 0x7ff2_0000, E820Entry.NVS),
            entry(0, 0x1000, E820Entry.RESERVED),
            entry(0x2000_0000, 0x3000_0000, E820Entry.RAM),
            entry(0x1_4000_1000L, 0x1_5000_0000L, E820Entry.RAM));
  }

  /** The kernel leaves out what is left of the region beside elfcorehdr if it is below a page. */
  @Test
  void lessThanAPageIsNotHandedOver() {
    assertThat(CrashE820.of(MACHINE, 0x1_4000_0000L, 0x1000_0000 - 0x1000))
        .contains(entry(0x1_4fff_f000L, 0x1_5000_0000L, E820Entry.RAM));
    assertThat(CrashE820.of(MACHINE, 0x1_4000_0000L, 0x1000_0000 - 0xfff))
        .noneMatch(entry -> entry.range().start() >= 0x1_4000_0000L);
  }
}
