package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.machine.KernelVersion;

/** What kexec_file_load came to do differently, and since which kernel. */
enum KernelDifference {
  /** elfcorehdr of x86_64 keeps room for every CPU and memory range that may be plugged in. */
  X86_CRASH_HOTPLUG(6, 6),
  /**
   * A top-down search lets a buffer end at the last byte of a range. Older kernels computed one
   * byte too few, which costs a whole alignment step ({@code locate_mem_hole_top_down}).
   */
  TOP_DOWN_USES_LAST_BYTE(6, 8),
  /** A top-down search walks the System RAM resources from the highest; before, from the lowest. */
  SYSTEM_RAM_WALKED_DOWN(6, 8),
  /** An x86_64 kernel is not placed below its pref_address ({@code bzImage64_load}). */
  X86_KERNEL_ABOVE_PREF_ADDRESS(6, 9),
  /** riscv64 loads a raw Image; before, only ELF. */
  RISCV_RAW_IMAGE(6, 16),
  /** loongarch64 has kexec_file_load. */
  LOONGARCH_KEXEC_FILE(6, 18);

  private final int major;
  private final int minor;

  KernelDifference(int major, int minor) {
    this.major = major;
    this.minor = minor;
  }

  /** Whether a kernel of this version does it the newer way. */
  boolean in(KernelVersion version) {
    return version.isAtLeast(major, minor);
  }

  /** The first version that does it so, as {@code 6.8}. */
  String since() {
    return major + "." + minor;
  }
}
