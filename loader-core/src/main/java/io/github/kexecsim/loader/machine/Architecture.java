package io.github.kexecsim.loader.machine;

import java.util.Locale;
import java.util.Optional;

/** The architectures whose loaders are modelled, by the kernel's own names. */
public enum Architecture {
  ARM64("arm64", "aarch64"),
  RISCV64("riscv64", "riscv"),
  LOONGARCH64("loongarch64", "loong64"),
  X86_64("x86_64", "amd64");

  private final String label;
  private final String alias;

  Architecture(String label, String alias) {
    this.label = label;
    this.alias = alias;
  }

  /** The name in JSON and on the command line. */
  public String label() {
    return label;
  }

  /** Finds an architecture by its label or by the other name in common use. */
  public static Optional<Architecture> byName(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    for (Architecture arch : values()) {
      if (arch.label.equals(wanted) || arch.alias.equals(wanted)) {
        return Optional.of(arch);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return label;
  }
}
