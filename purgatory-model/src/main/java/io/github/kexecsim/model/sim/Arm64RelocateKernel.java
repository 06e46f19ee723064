package io.github.kexecsim.model.sim;

import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.KimageEntry;
import io.github.kexecsim.model.mmu.IdentityMap;
import io.github.kexecsim.model.sim.LastCpu.Stopped;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * arm64: {@code arch/arm64/kernel/relocate_kernel.S, arm64_relocate_new_kernel} (v6.1). It runs at
 * its physical address, copies through the linear map, turns the MMU off, and enters the next
 * kernel with the device tree in x0. An image in place is entered through {@code cpu_soft_restart},
 * to the same effect.
 */
final class Arm64RelocateKernel implements RelocateKernel {
  @Override
  public Handoff run(LastCpu cpu) throws Stopped {
    RelocationPlan plan = cpu.plan();
    if (plan.type() == LoadType.CRASH) {
      cpu.countEntry(); // machine_kexec looks at the head alone
    } else {
      cpu.enterRelocationCode();
      copy(cpu, plan.kimage().head());
    }
    Map<String, Long> registers = new LinkedHashMap<>();
    registers.put("x0", RelocateKernel.dtb(plan));
    registers.put("x1", 0L);
    registers.put("x2", 0L);
    registers.put("x3", 0L);
    return new Handoff(plan.placed().entry(), registers, Optional.empty(), Optional.empty());
  }

  /** Tests for DONE before the others, but not on the first entry. */
  private static void copy(LastCpu cpu, long head) throws Stopped {
    IdentityMap map = cpu.plan().identityMap();
    long pageSize = cpu.memory().pageSize();
    long next = 0;
    long destination = 0;
    long entry = head;
    cpu.countEntry();
    do {
      long address = map.virtualAddress(entry & -pageSize);
      if ((entry & KimageEntry.SOURCE) != 0) {
        cpu.copyPage(destination, address);
        destination += pageSize;
      } else if ((entry & KimageEntry.INDIRECTION) != 0) {
        next = address;
      } else if ((entry & KimageEntry.DESTINATION) != 0) {
        destination = address;
      }
      entry = cpu.readEntry(next);
      next += Long.BYTES;
    } while ((entry & KimageEntry.DONE) == 0);
  }
}
