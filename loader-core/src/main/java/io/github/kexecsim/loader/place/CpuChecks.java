package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Cpu;

/** Whether the machine's CPUs run what an image's flags ask for. */
final class CpuChecks {
  private CpuChecks() {}

  /**
   * Checks the flags of an arm64 Image: bit 0 is big-endian, bits 1 and 2 the page size ({@code
   * arch/arm64/kernel/kexec_image.c, image_load}, v6.1).
   */
  static void arm64(long flags, Cpu cpu) {
    if ((flags & 1) != 0 && !cpu.mixedEndian()) {
      throw new KexecException(
          Reason.CPU_CANNOT_RUN,
          "the image is big-endian (flags bit 0 at offset 0x18) and the CPUs are little-endian only",
          "use a little-endian kernel");
    }
    int code = (int) (flags >>> 1) & 3;
    if (code != 0) {
      int granuleKib = 1 << (2 * code);
      if (!cpu.granulesKib().contains(granuleKib)) {
        throw new KexecException(
            Reason.CPU_CANNOT_RUN,
            "the image uses pages of "
                + granuleKib
                + " KiB (flags bits 1-2 at offset 0x18) and the CPUs translate only "
                + cpu.granulesKib()
                + " KiB",
            "use a kernel built for another page size");
      }
    }
  }
}
