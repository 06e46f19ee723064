package io.github.kexecsim.model.sim;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.sim.LastCpu.Stopped;

/** The code that one architecture's kernel copies to a control page and jumps to last. */
sealed interface RelocateKernel
    permits Arm64RelocateKernel,
        Riscv64RelocateKernel,
        LoongArch64RelocateKernel,
        X86RelocateKernel {
  /** Runs the list down and jumps to {@code image->start}, in the state that is returned. */
  Handoff run(LastCpu cpu) throws Stopped;

  /** A word of the list as it stands in memory when the code reads it. */
  default long inMemory(long entry) {
    return entry;
  }

  static RelocateKernel of(Architecture architecture) {
    return switch (architecture) {
      case ARM64 -> new Arm64RelocateKernel();
      case RISCV64 -> new Riscv64RelocateKernel();
      case LOONGARCH64 -> new LoongArch64RelocateKernel();
      case X86_64 -> new X86RelocateKernel();
    };
  }

  /** Where the device tree lies; 0 without one. */
  static long dtb(RelocationPlan plan) {
    return plan.placed().segments().stream()
        .filter(segment -> segment.role() == SegmentRole.DTB)
        .mapToLong(KexecSegment::mem)
        .findFirst()
        .orElse(0);
  }
}
