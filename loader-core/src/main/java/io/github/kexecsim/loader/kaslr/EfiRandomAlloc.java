package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.EfiMemoryDesc;
import java.util.ArrayList;
import java.util.List;

/**
 * How EFI stubs choose a random place in memory: of all aligned places in conventional memory the
 * one whose number is the seed's share of their count ({@code
 * drivers/firmware/efi/libstub/randomalloc.c}, v6.1). The stubs of arm64, and of riscv64 since
 * v6.6, place the kernel so.
 *
 * @param size what to allocate in bytes, above 0: a multiple of {@code EFI_ALLOC_ALIGN}
 * @param align of the place: a power of two, at least {@code EFI_ALLOC_ALIGN}
 * @param min the lowest address, above 0, as 0 would be taken for no address
 * @param max the highest address that may be covered ({@code EFI_ALLOC_LIMIT})
 */
public record EfiRandomAlloc(long size, long align, long min, long max) {
  private static final long MORE_RELIABLE = 0x1_0000;
  private static final long HOT_PLUGGABLE = 0x10_0000;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of its range
   */
  public EfiRandomAlloc {
    if (size <= 0 || align <= 0 || Long.bitCount(align) != 1 || min <= 0 || max < 0) {
      throw new IllegalArgumentException(
          "size " + size + ", align " + align + ", from " + min + " to " + max);
    }
  }

  /** All places of a map, numbered in its order; of mirrored memory only, where there is some. */
  public Slots slots(List<EfiMemoryDesc> map) {
    List<Slots.Run> all = new ArrayList<>();
    List<Slots.Run> mirrored = new ArrayList<>();
    for (EfiMemoryDesc desc : map) {
      long first = Alignment.up(Math.max(desc.range().start(), min), align);
      long end = Math.min(desc.range().end() - 1, max);
      long last = Alignment.down(end - size + 1, align);
      if (isSuitable(desc) && end >= size && first <= last) {
        Slots.Run run = new Slots.Run(first, (last - first) / align + 1);
        all.add(run);
        if ((desc.attribute() & MORE_RELIABLE) != 0) {
          mirrored.add(run);
        }
      }
    }
    return new Slots(size, align, mirrored.isEmpty() ? all : mirrored);
  }

  /** Free and there to stay, and not set aside for a purpose. */
  private static boolean isSuitable(EfiMemoryDesc desc) {
    return desc.type() == EfiMemoryDesc.CONVENTIONAL
        && (desc.attribute() & (HOT_PLUGGABLE | EfiMemoryDesc.SP)) == 0;
  }

  /**
   * The number of the place that a seed chooses: 0 for the lowest seed, the last one for the
   * highest.
   *
   * @param count how many there are, at least 0 and below 2^31
   * @param seed of which the lower 32 bits count
   */
  public static long choose(long count, long seed) {
    return count * (seed & 0xffff_ffffL) >>> 32;
  }
}
