package io.github.kexecsim.model.kimage;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MemoryWalk;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.ArrayList;
import java.util.List;

/**
 * What the running kernel's page allocator has, as far as it can be known: memory without what was
 * reserved at boot, whole pages only. What programs have taken since is not known.
 */
final class FreeMemory {
  private static final PhysRange X86_LOW_MEMORY = new PhysRange(0, 1 << 20);

  private FreeMemory() {}

  static PhysRangeSet of(Machine machine) {
    List<PhysRange> ranges =
        machine.walk() == MemoryWalk.SYSTEM_RAM && machine.iomem().isPresent()
            ? machine.iomem().get().freeEstimate()
            : machine.ranges();
    List<PhysRange> kept = new ArrayList<>(machine.crashRegion().stream().toList());
    kept.addAll(machine.lowCrashRegion().stream().toList());
    if (machine.architecture() == Architecture.X86_64) {
      // arch/x86/kernel/setup.c reserves it, for BIOSes that write there (v5.13).
      kept.add(X86_LOW_MEMORY);
    }
    return wholePages(PhysRangeSet.of(ranges).subtract(PhysRangeSet.of(kept)), machine.pageSize());
  }

  private static PhysRangeSet wholePages(PhysRangeSet memory, long pageSize) {
    List<PhysRange> whole = new ArrayList<>();
    for (PhysRange range : memory.ranges()) {
      whole.add(range.wholePages(pageSize));
    }
    return PhysRangeSet.of(whole);
  }
}
