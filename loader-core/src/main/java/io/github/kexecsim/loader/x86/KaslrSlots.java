package io.github.kexecsim.loader.x86;

import io.github.kexecsim.loader.image.X86Image;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The physical addresses at which the decompressor of x86_64 may put the kernel ({@code
 * arch/x86/boot/compressed/kaslr.c, find_random_phys_addr}, v6.1): every multiple of the alignment
 * in RAM that leaves room for the kernel, clear of what is to be avoided.
 *
 * <p>Not modelled: memory that the firmware's SRAT table calls removable, which kernels built with
 * CONFIG_MEMORY_HOTREMOVE avoid too.
 *
 * @param areas in the order in which the memory map lists them; 100 at most
 * @param align the distance of neighbouring slots in bytes ({@code CONFIG_PHYSICAL_ALIGN})
 * @param imageSize what the kernel takes from its start, in bytes
 * @param obstacle why there is no slot, where there is none, one sentence without a full stop
 */
public record KaslrSlots(List<Area> areas, long align, long imageSize, Optional<String> obstacle) {
  /** {@code MAX_SLOT_AREA}. */
  private static final int MAX_AREAS = 100;

  private static final long GIB = 1L << 30;

  /** {@code LOAD_PHYSICAL_ADDR} of every kernel that leaves CONFIG_PHYSICAL_START as it is. */
  public static final long LOAD_PHYSICAL_ADDR = X86Image.LOAD_PHYSICAL_ADDR;

  /** {@code CONFIG_PHYSICAL_ALIGN} where nothing tells it. */
  public static final long PHYSICAL_ALIGN = X86Image.ALIGN;

  /** {@code __START_KERNEL_map}: what the virtual offsets count from. */
  public static final long START_KERNEL_MAP = X86Image.START_KERNEL_MAP;

  /** {@code KERNEL_IMAGE_SIZE} of kernels built with CONFIG_RANDOMIZE_BASE. */
  private static final long KERNEL_IMAGE_SIZE = GIB;

  /** The decompressor's minimum is the image's own place, and this where that is higher. */
  private static final long HIGHEST_MINIMUM = 512L << 20;

  /**
   * Neighbouring slots.
   *
   * @param first the lowest
   * @param count how many, above 0
   */
  public record Area(long first, long count) {}

  public KaslrSlots {
    areas = List.copyOf(areas);
  }

  /**
   * Finds the slots.
   *
   * @param memory the RAM of the memory map handed over, entry by entry in its order
   * @param avoided what must not be overwritten; the options' regions come on top
   * @param options what the command line says
   * @param output where the image would be unpacked without randomisation
   * @param imageSize in bytes, above 0
   * @param align a power of two, in bytes
   */
  public static KaslrSlots of(
      List<PhysRange> memory,
      List<AvoidedRegion> avoided,
      KaslrOptions options,
      long output,
      long imageSize,
      long align) {
    if (imageSize <= 0 || imageSize > PhysRange.LIMIT || Long.bitCount(align) != 1 || align < 0) {
      throw new IllegalArgumentException("size " + imageSize + ", alignment " + align);
    }
    long minimum = Alignment.up(Math.min(output, HIGHEST_MINIMUM), align);
    if (options.nokaslr()) {
      return none(align, imageSize, "nokaslr is on the command line");
    }
    if (minimum + imageSize > options.limit()) {
      return none(
          align,
          imageSize,
          String.format(
              "the kernel's 0x%x bytes from 0x%x on end above the limit of memory, 0x%x",
              imageSize, minimum, options.limit()));
    }
    if (options.tooManyRegions()) {
      return none(align, imageSize, "more than four memmap= regions are on the command line");
    }
    Search search = new Search(avoided, options, imageSize, align);
    for (PhysRange range : memory) {
      if (!search.add(range, minimum)) {
        return none(
            align,
            imageSize,
            "a memmap= region reaches to the end of the 64-bit address space, where the"
                + " decompressor's search wraps around: not followed here");
      }
    }
    return new KaslrSlots(
        search.areas,
        align,
        imageSize,
        search.areas.isEmpty()
            ? Optional.of("no RAM of the memory map takes the kernel")
            : Optional.empty());
  }

  /** No slot, and why. */
  public static KaslrSlots none(long align, long imageSize, String obstacle) {
    return new KaslrSlots(List.of(), align, imageSize, Optional.of(obstacle));
  }

  /** How many slots there are; 0 for none. */
  public long count() {
    return areas.stream().mapToLong(Area::count).sum();
  }

  /**
   * The slot that a random number selects; empty where there is none.
   *
   * @param random 64 random bits
   */
  public OptionalLong choose(long random) {
    long count = count();
    if (count == 0) {
      return OptionalLong.empty();
    }
    long slot = Long.remainderUnsigned(random, count);
    for (Area area : areas) {
      if (slot < area.count()) {
        return OptionalLong.of(area.first() + slot * align);
      }
      slot -= area.count();
    }
    throw new AssertionError("slot " + slot + " of none");
  }

  /**
   * How many virtual offsets there are, from {@link #LOAD_PHYSICAL_ADDR} on by the alignment
   * ({@code find_random_virt_addr}); 0 where the kernel does not fit its window of 1 GiB.
   */
  public static long virtualSlots(long imageSize, long align) {
    long room = KERNEL_IMAGE_SIZE - LOAD_PHYSICAL_ADDR - imageSize;
    return room < 0 ? 0 : 1 + room / align;
  }

  /**
   * The offset from {@link #START_KERNEL_MAP} at which a random number maps the kernel; empty where
   * it does not fit.
   */
  public static OptionalLong virtualOffset(long imageSize, long align, long random) {
    long slots = virtualSlots(imageSize, align);
    return slots == 0
        ? OptionalLong.empty()
        : OptionalLong.of(LOAD_PHYSICAL_ADDR + Long.remainderUnsigned(random, slots) * align);
  }

  /** {@code process_mem_region} and what it calls, over all ranges. */
  private static final class Search {
    private final List<AvoidedRegion> avoided;
    private final long limit;
    private final long imageSize;
    private final long align;
    private final List<Area> areas = new ArrayList<>();
    private long gigabytePages;

    Search(List<AvoidedRegion> avoided, KaslrOptions options, long imageSize, long align) {
      this.avoided = new ArrayList<>(avoided);
      this.avoided.addAll(options.avoided());
      this.limit = options.limit();
      this.imageSize = imageSize;
      this.align = align;
      this.gigabytePages = options.gigabytePages();
    }

    /** Adds a range's slots; false where the search wraps around. */
    boolean add(PhysRange range, long minimum) {
      long start = Math.max(range.start(), minimum);
      long end = Math.min(range.end(), limit);
      while (areas.size() < MAX_AREAS) {
        long aligned = Alignment.up(start, align);
        if (Long.compareUnsigned(aligned, start) < 0) {
          return false;
        }
        if (Long.compareUnsigned(aligned, end) > 0 || end - aligned < imageSize) {
          return true;
        }
        Optional<AvoidedRegion> overlap = lowestOverlap(aligned, end);
        if (overlap.isEmpty()) {
          addAroundGigabytePages(aligned, end);
          return true;
        }
        if (overlap.get().start() >= aligned + imageSize) {
          addAroundGigabytePages(aligned, overlap.get().start());
        }
        start = overlap.get().end();
      }
      return true;
    }

    /** {@code mem_avoid_overlap}: of those that begin equally low, the first. */
    private Optional<AvoidedRegion> lowestOverlap(long start, long end) {
      AvoidedRegion lowest = null;
      long earliest = end;
      for (AvoidedRegion region : avoided) {
        if (region.overlaps(start, end) && Long.compareUnsigned(region.start(), earliest) < 0) {
          lowest = region;
          earliest = region.start();
        }
      }
      return Optional.ofNullable(lowest);
    }

    /** {@code process_gb_huge_pages}: as many whole pages of 1 GiB as are wanted are left out. */
    private void addAroundGigabytePages(long start, long end) {
      long first = Alignment.up(start, GIB);
      long last = Alignment.down(end, GIB);
      if (gigabytePages == 0 || first >= last) {
        add(start, end);
        return;
      }
      if (first - start >= imageSize) {
        add(start, first);
      }
      long pages = (last - first) / GIB;
      if (Long.compareUnsigned(pages, gigabytePages) > 0) {
        last = first + gigabytePages * GIB;
        gigabytePages = 0;
      } else {
        gigabytePages -= pages;
      }
      if (end - last >= imageSize) {
        add(last, end);
      }
    }

    private void add(long start, long end) {
      if (areas.size() < MAX_AREAS) {
        areas.add(new Area(start, 1 + (end - start - imageSize) / align));
      }
    }
  }
}
