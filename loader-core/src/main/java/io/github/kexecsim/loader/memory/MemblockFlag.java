package io.github.kexecsim.loader.memory;

import java.util.Optional;

/**
 * Attributes of a memblock region ({@code include/linux/memblock.h, enum memblock_flags}), under
 * the names that the kernel prints in debugfs.
 */
public enum MemblockFlag {
  /** May be unplugged; left out of the free ranges when booted with {@code movable_node}. */
  HOTPLUG("HOTPLUG"),
  /** Mirrored memory. */
  MIRROR("MIRROR"),
  /** Not in the kernel's direct map, and never free. */
  NOMAP("NOMAP"),
  /** Found and added by a driver, and never free to kexec. */
  DRIVER_MANAGED("DRV_MNG"),
  /** Reserved, and its struct pages are not initialized. */
  RSRV_NOINIT("RSV_NIT"),
  /** Reserved for the kernel's own use. */
  RSRV_KERN("RSV_KERN"),
  /** Scratch memory of kexec handover. */
  KHO_SCRATCH("KHO_SCRATCH");

  private final String label;

  MemblockFlag(String label) {
    this.label = label;
  }

  /** The name in debugfs. */
  public String label() {
    return label;
  }

  /** Finds a flag by its name in debugfs, or by the kernel's own name for it. */
  static Optional<MemblockFlag> byName(String name) {
    for (MemblockFlag flag : values()) {
      if (flag.label.equals(name) || flag.name().equals(name)) {
        return Optional.of(flag);
      }
    }
    return Optional.empty();
  }
}
