package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory table that a crash kernel is given on x86_64: {@code arch/x86/kernel/crash.c,
 * crash_setup_memmap_entries} (v6.1): System RAM of the first MiB, what firmware needs, and the
 * crash regions without elfcorehdr.
 */
final class CrashE820 {
  private static final PhysRange FIRST_MIB = new PhysRange(0, 1 << 20);

  private CrashE820() {}

  static List<E820Entry> of(Machine machine, long elfcorehdr, long elfcorehdrSize) {
    List<E820Entry> table = new ArrayList<>();
    for (PhysRange range : machine.dumpedRam()) {
      if (range.overlaps(FIRST_MIB)) {
        long end = Math.min(range.end(), FIRST_MIB.end());
        table.add(new E820Entry(new PhysRange(range.start(), end), E820Entry.RAM));
      }
    }
    add(table, machine, "ACPI Tables", E820Entry.ACPI);
    add(table, machine, "ACPI Non-volatile Storage", E820Entry.NVS);
    add(table, machine, "Reserved", E820Entry.RESERVED);
    machine.lowCrashRegion().ifPresent(r -> table.add(new E820Entry(r, E820Entry.RAM)));
    PhysRangeSet taken = PhysRangeSet.of(PhysRange.ofSize(elfcorehdr, elfcorehdrSize));
    for (PhysRange range : taken.cutOutOf(machine.crashRegion().stream().toList())) {
      if (range.size() >= machine.pageSize()) {
        table.add(new E820Entry(range, E820Entry.RAM));
      }
    }
    return BootParams.handedOver(table);
  }

  private static void add(List<E820Entry> table, Machine machine, String name, long type) {
    List<PhysRange> ranges =
        machine.iomem().map(iomem -> iomem.named(name::equals)).orElse(List.of());
    for (PhysRange range : ranges) {
      table.add(new E820Entry(range, type));
    }
  }
}
