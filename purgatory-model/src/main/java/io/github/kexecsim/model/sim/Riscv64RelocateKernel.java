package io.github.kexecsim.model.sim;

import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.sim.LastCpu.Stopped;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * riscv64: {@code arch/riscv/kernel/kexec_relocate.S} (v6.1). It turns the MMU off at the first
 * indirection entry, and leaves with the hart in a0, the device tree in a1 and its own destination
 * in a2. {@code riscv_kexec_norelocate}, for an image in place, leaves the same.
 */
final class Riscv64RelocateKernel implements RelocateKernel {
  /** Only an entry's own flag is cleared. */
  private static final long ALL_BITS = -1;

  private static final long HART = 0;

  @Override
  public Handoff run(LastCpu cpu) throws Stopped {
    RelocationPlan plan = cpu.plan();
    cpu.enterRelocationCode();
    ListWalk.run(cpu, plan.kimage().head(), ALL_BITS);
    Map<String, Long> registers = new LinkedHashMap<>();
    registers.put("a0", HART);
    registers.put("a1", RelocateKernel.dtb(plan));
    registers.put("a2", plan.placed().entry());
    return new Handoff(plan.placed().entry(), registers, Optional.empty(), Optional.empty());
  }
}
