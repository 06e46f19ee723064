package io.github.kexecsim.loader.x86;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Memory of an x86 decompressor's .bss and page tables, which its code takes for zero.
 *
 * @param range where it lies
 * @param zeroedBy who makes it so
 */
public record ZeroRange(PhysRange range, By zeroedBy) {
  public ZeroRange {
    Objects.requireNonNull(range);
    Objects.requireNonNull(zeroedBy);
  }

  /** Adds what is not empty, and not beyond all memory. */
  static void add(List<ZeroRange> ranges, long base, long start, long end, By zeroedBy) {
    if (start < end && end <= PhysRange.LIMIT && base <= PhysRange.LIMIT - end) {
      ranges.add(new ZeroRange(new PhysRange(base + start, base + end), zeroedBy));
    }
  }

  /**
   * Whether it must be zero before the image is entered by its PE or its EFI handover entry, whose
   * code runs where the image was loaded. From the 32- and 64-bit entries the decompressor moves
   * first, and relies on nothing there.
   */
  public boolean isBeforeEntry() {
    return zeroedBy != By.DECOMPRESSOR;
  }

  /**
   * Who zeroes.
   *
   * <p>The EFI stub reads .bss where it was loaded. A PE loader must zero what a section's
   * VirtualSize has beyond its SizeOfRawData; entered by the handover protocol, v5.7-rc1 read what
   * a loader had left there (the thread "efi/x86: Move efi stub globals from .bss to .data", April
   * 2020), v5.7 to v6.5 kept the stub's variables in .data, and since v6.6 the entry clears .bss
   * itself. Since v6.9 the native PE entry does, too.
   */
  public enum By {
    /** The loader: kexec zeroes a segment from bufsz to memsz. */
    LOADER,
    /** The decompressor, once it has moved there. */
    DECOMPRESSOR,
    /** Nobody: the bytes of the file behind the kernel lie there, a signature's for instance. */
    NOBODY;

    /** The name as JSON shows it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
