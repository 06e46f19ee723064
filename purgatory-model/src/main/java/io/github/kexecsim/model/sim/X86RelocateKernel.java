package io.github.kexecsim.model.sim;

import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.mmu.IdentityMap;
import io.github.kexecsim.model.sim.LastCpu.Stopped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * x86_64: {@code arch/x86/kernel/relocate_kernel_64.S} (v6.1; copying instead of swapping since
 * v6.14). Called under the running kernel's own address, it loads the identity map, goes on at its
 * physical address on a stack at the end of its page, and leaves with every register zero.
 */
final class X86RelocateKernel implements RelocateKernel {
  private static final long PAGE_MASK = -4096;
  private static final List<String> CLEARED =
      List.of(
          "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13",
          "r14", "r15");

  @Override
  public Handoff run(LastCpu cpu) throws Stopped {
    RelocationPlan plan = cpu.plan();
    IdentityMap map = plan.identityMap();
    cpu.enterRelocationCode();
    long stack = plan.controlCode() + cpu.memory().pageSize();
    stack -= Long.BYTES;
    cpu.push(stack, plan.controlCode());
    stack += Long.BYTES; // the jump to the physical address is a return
    cpu.translate(plan.controlCode());
    stack -= Long.BYTES;
    cpu.push(stack, 0);
    stack -= Long.BYTES;
    cpu.push(stack, plan.placed().entry());

    ListWalk.run(cpu, plan.kimage().head(), PAGE_MASK);

    Map<String, Long> registers = new LinkedHashMap<>();
    CLEARED.forEach(name -> registers.put(name, 0L));
    stack += Long.BYTES; // and so is the jump to image->start
    return new Handoff(
        plan.placed().entry(),
        registers,
        Optional.of(new PhysRange(plan.controlCode(), stack)),
        Optional.of(map));
  }
}
