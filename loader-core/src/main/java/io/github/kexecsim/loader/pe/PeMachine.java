package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.machine.Architecture;
import java.util.Optional;

/** The COFF machine numbers of kernels (Microsoft PE Format, "Machine Types"). */
public enum PeMachine {
  ARM64(0xaa64, "arm64", Architecture.ARM64),
  RISCV64(0x5064, "riscv64", Architecture.RISCV64),
  LOONGARCH64(0x6264, "loongarch64", Architecture.LOONGARCH64),
  X86_64(0x8664, "x86_64", Architecture.X86_64),
  ARM(0x01c0, "arm", null),
  THUMB(0x01c2, "arm (thumb)", null),
  ARMNT(0x01c4, "arm (thumb-2)", null),
  I386(0x014c, "i386", null),
  IA64(0x0200, "ia64", null),
  RISCV32(0x5032, "riscv32", null),
  LOONGARCH32(0x6232, "loongarch32", null);

  private final int number;
  private final String label;
  private final Architecture architecture;

  PeMachine(int number, String label, Architecture architecture) {
    this.number = number;
    this.label = label;
    this.architecture = architecture;
  }

  /** As it stands in the COFF header; 16 bits. */
  public int number() {
    return number;
  }

  /** The modelled architecture of a machine number; empty where it is not modelled. */
  public static Optional<Architecture> architectureOf(int number) {
    return of(number).map(machine -> machine.architecture);
  }

  /** What a machine number stands for, in a word or two. */
  public static String describe(int number) {
    return of(number).map(machine -> machine.label).orElse("unknown machine");
  }

  /** The machine of a modelled architecture. */
  public static PeMachine of(Architecture architecture) {
    for (PeMachine machine : values()) {
      if (machine.architecture == architecture) {
        return machine;
      }
    }
    throw new AssertionError(architecture);
  }

  private static Optional<PeMachine> of(int number) {
    for (PeMachine machine : values()) {
      if (machine.number == number) {
        return Optional.of(machine);
      }
    }
    return Optional.empty();
  }
}
