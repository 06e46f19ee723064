package io.github.kexecsim.loader.machine;

/** Where the ranges come from in which a hole is searched. */
public enum MemoryWalk {
  /** The free memblock ranges: what arm64, riscv64 and loongarch64 kernels walk. */
  MEMBLOCK("memblock", ""),
  /** The System RAM resources: what x86_64 kernels walk. */
  SYSTEM_RAM("system_ram", ""),
  /** System RAM of /proc/iomem without the children that are in use. */
  IOMEM_ESTIMATE(
      "iomem-estimate",
      "ranges rest on /proc/iomem alone, which is coarser than the memblock lists that this kernel"
          + " walks: give /sys/kernel/debug/memblock/{memory,reserved} to be exact"),
  /** The device tree's memory without its reservations. */
  DEVICE_TREE(
      "device-tree",
      "ranges rest on the device tree alone, before the running kernel took memory for itself"),
  /** RAM as the firmware described it in the boot log. */
  BOOT_LOG(
      "boot-log",
      "ranges rest on the firmware's memory map in the boot log, before the running kernel took"
          + " memory for itself");

  private final String label;
  private final String caveat;

  MemoryWalk(String label, String caveat) {
    this.label = label;
    this.caveat = caveat;
  }

  /** The name in JSON. */
  public String label() {
    return label;
  }

  /** How this falls short of what the kernel itself walks; empty where it does not. */
  public String caveat() {
    return caveat;
  }
}
