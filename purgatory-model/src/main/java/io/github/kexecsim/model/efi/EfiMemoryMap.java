package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.memory.EfiMemoryDesc;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The memory that boot services hand out, by pages of 4 KiB: what AllocatePages and FreePages do to
 * it (UEFI Specification 2.10, 7.2). Where the specification leaves a choice, EDK II's is taken:
 * the highest place that fits, and EFI_NOT_FOUND for an address that is no multiple of the page.
 */
public final class EfiMemoryMap {
  /** {@code EFI_PAGE_SIZE}. */
  public static final int PAGE_SIZE = 4096;

  /** {@code AllocateAnyPages}. */
  public static final int ANY_PAGES = 0;

  /** {@code AllocateMaxAddress}: the last page lies at or below the address. */
  public static final int MAX_ADDRESS = 1;

  /** {@code AllocateAddress}: the pages lie at the address. */
  public static final int ADDRESS = 2;

  private static final long MAX_PAGES = PhysRange.LIMIT / PAGE_SIZE;

  /** What AllocatePages answers, and where. */
  record Allocation(EfiStatus status, long address) {
    static Allocation refused(EfiStatus status) {
      return new Allocation(status, 0);
    }
  }

  /** By start; together they are the usable memory, and no two neighbours have one type. */
  private final TreeMap<Long, EfiMemoryDesc> regions = new TreeMap<>();

  private long key = 1;
  private long allocated;
  private long peak;

  /**
   * All of it free.
   *
   * @param usable made of whole pages
   */
  EfiMemoryMap(PhysRange usable) {
    put(usable, EfiMemoryType.CONVENTIONAL.number());
  }

  /** Marks what was there before the services: it counts as nobody's allocation. */
  void claim(PhysRange range, EfiMemoryType type) {
    setType(range, type.number());
  }

  /**
   * AllocatePages.
   *
   * @param type one of the three constants of this class
   * @param memoryType a raw number
   * @param pages unsigned 64 bits
   * @param address where, or the highest address; unsigned 64 bits
   */
  Allocation allocate(int type, long memoryType, long pages, long address) {
    if (type < ANY_PAGES || type > ADDRESS || !EfiMemoryType.isAllocatable(memoryType)) {
      return Allocation.refused(EfiStatus.INVALID_PARAMETER);
    }
    if (pages <= 0 || pages > MAX_PAGES) {
      return Allocation.refused(type == ADDRESS ? EfiStatus.NOT_FOUND : EfiStatus.OUT_OF_RESOURCES);
    }
    long size = pages * PAGE_SIZE;
    OptionalLong start =
        switch (type) {
          case ANY_PAGES -> highest(size, -1);
          case MAX_ADDRESS -> highest(size, address);
          default -> at(address, size);
        };
    if (start.isEmpty()) {
      return Allocation.refused(type == ADDRESS ? EfiStatus.NOT_FOUND : EfiStatus.OUT_OF_RESOURCES);
    }
    setType(PhysRange.ofSize(start.getAsLong(), size), memoryType);
    allocated += size;
    peak = Math.max(peak, allocated);
    return new Allocation(EfiStatus.SUCCESS, start.getAsLong());
  }

  private OptionalLong highest(long size, long max) {
    boolean bounded = Long.compareUnsigned(max, PhysRange.LIMIT) < 0;
    long end = bounded ? max + 1 : PhysRange.LIMIT;
    for (EfiMemoryDesc region : regions.descendingMap().values()) {
      long start = Math.min(region.range().end(), end) - size & -PAGE_SIZE;
      // The page at 0 would be taken for a null pointer.
      if (isFree(region) && start >= region.range().start() && start > 0) {
        return OptionalLong.of(start);
      }
    }
    return OptionalLong.empty();
  }

  private OptionalLong at(long address, long size) {
    if ((address & (PAGE_SIZE - 1)) != 0 || address < 0 || address > PhysRange.LIMIT - size) {
      return OptionalLong.empty();
    }
    Map.Entry<Long, EfiMemoryDesc> region = regions.floorEntry(address);
    boolean free =
        region != null
            && isFree(region.getValue())
            && region.getValue().range().contains(PhysRange.ofSize(address, size));
    return free ? OptionalLong.of(address) : OptionalLong.empty();
  }

  /**
   * FreePages: EFI_INVALID_PARAMETER for an address that is no multiple of the page, EFI_NOT_FOUND
   * for pages that are not allocated.
   */
  EfiStatus free(long address, long pages) {
    if ((address & (PAGE_SIZE - 1)) != 0 || pages <= 0) {
      return EfiStatus.INVALID_PARAMETER;
    }
    if (address < 0 || pages > MAX_PAGES || pages * PAGE_SIZE > PhysRange.LIMIT - address) {
      return EfiStatus.NOT_FOUND;
    }
    PhysRange range = PhysRange.ofSize(address, pages * PAGE_SIZE);
    Map.Entry<Long, EfiMemoryDesc> region = regions.floorEntry(address);
    if (region == null || isFree(region.getValue()) || !region.getValue().range().contains(range)) {
      return EfiStatus.NOT_FOUND;
    }
    setType(range, EfiMemoryType.CONVENTIONAL.number());
    allocated -= range.size();
    return EfiStatus.SUCCESS;
  }

  /** Whether all of a range is somebody's, so that it may be written. */
  boolean isTaken(PhysRange range) {
    for (long at = range.start(); at < range.end(); ) {
      Map.Entry<Long, EfiMemoryDesc> region = regions.floorEntry(at);
      if (region == null || isFree(region.getValue()) || !region.getValue().range().contains(at)) {
        return false;
      }
      at = region.getValue().range().end();
    }
    return true;
  }

  /** Something of the firmware's own changes the map. */
  void touch() {
    key++;
  }

  /** What ExitBootServices wants to see: another one after every change. */
  public long key() {
    return key;
  }

  /** The most bytes that were allocated at a time. */
  public long peak() {
    return peak;
  }

  /** The map as GetMemoryMap gives it, ascending. */
  public List<EfiMemoryDesc> descriptors() {
    return List.copyOf(regions.values());
  }

  private static boolean isFree(EfiMemoryDesc region) {
    return region.type() == EfiMemoryType.CONVENTIONAL.number();
  }

  private void put(PhysRange range, long type) {
    if (!range.isEmpty()) {
      regions.put(range.start(), new EfiMemoryDesc(range, type, EfiMemoryDesc.WB));
    }
  }

  /** Sets the type of a range that lies inside the map. */
  private void setType(PhysRange range, long type) {
    key++;
    List<EfiMemoryDesc> met = new ArrayList<>();
    Long first = regions.floorKey(range.start());
    for (EfiMemoryDesc region : regions.tailMap(first, true).values()) {
      if (region.range().start() >= range.end()) {
        break;
      }
      met.add(region);
    }
    for (EfiMemoryDesc region : met) {
      regions.remove(region.range().start());
      PhysRange old = region.range();
      if (old.start() < range.start()) {
        put(new PhysRange(old.start(), range.start()), region.type());
      }
      if (old.end() > range.end()) {
        put(new PhysRange(range.end(), old.end()), region.type());
      }
    }
    put(range, type);
    joinNeighbours(range);
  }

  private void joinNeighbours(PhysRange range) {
    EfiMemoryDesc region = regions.get(range.start());
    Map.Entry<Long, EfiMemoryDesc> below = regions.lowerEntry(range.start());
    Map.Entry<Long, EfiMemoryDesc> above = regions.higherEntry(range.start());
    long start = range.start();
    long end = range.end();
    if (above != null && above.getValue().type() == region.type()) {
      end = above.getValue().range().end();
      regions.remove(above.getKey());
    }
    if (below != null && below.getValue().type() == region.type()) {
      start = below.getKey();
      regions.remove(range.start());
    }
    put(new PhysRange(start, end), region.type());
  }
}
