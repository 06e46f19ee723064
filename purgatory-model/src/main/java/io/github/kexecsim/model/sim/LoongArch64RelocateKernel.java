package io.github.kexecsim.model.sim;

import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.KimageEntry;
import io.github.kexecsim.model.mmu.WithoutTables;
import io.github.kexecsim.model.sim.LastCpu.Stopped;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * loongarch64: {@code arch/loongarch/kernel/relocate_kernel.S} and {@code machine_kexec.c} (v6.1).
 * The list is rewritten to addresses in the direct-mapped window before it is run, and the next
 * kernel begins in that window.
 */
final class LoongArch64RelocateKernel implements RelocateKernel {
  private static final long ALL_BITS = -1;

  /** {@code KEXEC_CMDLINE_ADDR}. */
  private static final long COMMAND_LINE = 0x108000;

  @Override
  public long inMemory(long entry) {
    boolean address = entry != 0 && (entry & KimageEntry.DONE) == 0;
    return address ? WithoutTables.DIRECT_WINDOW.virtualAddress(entry) : entry;
  }

  @Override
  public Handoff run(LastCpu cpu) throws Stopped {
    RelocationPlan plan = cpu.plan();
    WithoutTables window = WithoutTables.DIRECT_WINDOW;
    cpu.enterRelocationCode();
    ListWalk.run(cpu, inMemory(plan.kimage().head()), ALL_BITS);
    long start = window.virtualAddress(plan.placed().entry());
    Map<String, Long> registers = new LinkedHashMap<>();
    registers.put("a0", 1L); // booted by EFI
    registers.put("a1", window.virtualAddress(COMMAND_LINE));
    registers.put("a3", start);
    return new Handoff(start, registers, Optional.empty(), Optional.of(window));
  }
}
