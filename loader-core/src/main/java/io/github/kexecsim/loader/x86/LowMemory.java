package io.github.kexecsim.loader.x86;

import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;

/**
 * What early code knows of memory below 1 MiB.
 *
 * @param efi whether the kernel is told that it was booted by EFI; then no BIOS data is read
 * @param ebdaSegment the word at 0x40e, 0 to 0xffff: where the extended BIOS data area begins, in
 *     16 bytes; 0 where it is not known, which counts as none
 * @param kibibytes the word at 0x413, 0 to 0xffff: how many KiB the BIOS leaves; 0 where it is not
 *     known, which counts as the most
 * @param e820 the memory map handed over, in its order
 */
public record LowMemory(boolean efi, int ebdaSegment, int kibibytes, List<E820Entry> e820) {
  private static final long PAGE = 4096;

  /** {@code BIOS_START_MIN}. */
  private static final long LOWEST_BIOS_START = 128 << 10;

  /** {@code BIOS_START_MAX}. */
  private static final long HIGHEST_BIOS_START = 0x9f000;

  public LowMemory {
    if ((ebdaSegment | kibibytes) >>> 16 != 0) {
      throw new IllegalArgumentException("BIOS words " + ebdaSegment + ", " + kibibytes);
    }
    e820 = List.copyOf(e820);
  }

  /** Memory of which the BIOS's words are not known. */
  public static LowMemory of(boolean efi, List<E820Entry> e820) {
    return new LowMemory(efi, 0, 0, e820);
  }

  /**
   * The highest {@code size} bytes below the BIOS's memory that one entry of RAM holds ({@code
   * arch/x86/boot/compressed/pgtable_64.c, find_trampoline_placement}, v6.1). Where no entry does,
   * the map is not asked: the bytes right below the BIOS's.
   *
   * @param size in bytes, whole pages, 64 KiB at most
   */
  PhysRange placeBelowBios(long size) {
    long biosStart = biosStart();
    for (int i = e820.size() - 1; i >= 0; i--) {
      PhysRange range = e820.get(i).range();
      if (biosStart <= range.start() || e820.get(i).type() != E820Entry.RAM) {
        continue;
      }
      long end = Alignment.down(Math.min(biosStart, range.end()), PAGE);
      long start = end - size;
      // Below 0 the kernel's arithmetic wraps to the top: then it stops searching.
      if (start < 0) {
        break;
      }
      if (start >= range.start()) {
        return PhysRange.ofSize(start, size);
      }
    }
    return PhysRange.ofSize(biosStart - size, size);
  }

  /** Whether an entry of RAM holds a range. */
  boolean isRam(PhysRange wanted) {
    return e820.stream()
        .anyMatch(entry -> entry.type() == E820Entry.RAM && entry.range().contains(wanted));
  }

  /** Where the BIOS's memory is taken to begin: a whole page from 124 KiB to 636 KiB. */
  long biosStart() {
    long start = efi ? 0 : (long) kibibytes << 10;
    if (start < LOWEST_BIOS_START || start > HIGHEST_BIOS_START) {
      start = HIGHEST_BIOS_START;
    }
    long ebda = efi ? 0 : (long) ebdaSegment << 4;
    if (ebda > LOWEST_BIOS_START && ebda < start) {
      start = ebda;
    }
    return Alignment.down(start, PAGE);
  }
}
