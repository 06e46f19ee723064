package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;

/**
 * The search for a place that a buffer fits: {@code kernel/kexec_file.c}, {@code
 * locate_mem_hole_top_down} and {@code locate_mem_hole_bottom_up} (v7.2).
 *
 * <p>The kernel moves a candidate that meets a placed segment by one page and aligns it again. A
 * candidate keeps meeting the same segment until it is wholly past it, so this search goes there at
 * once: the result is the same, and the cost follows the numbers of ranges and segments alone.
 */
final class MemHole {
  static final long NONE = -1;

  private final RangeIndex ranges;
  private final boolean topDownMissesLastByte;
  private final boolean topDownWalksUp;

  /**
   * A search over {@code ranges}.
   *
   * @param topDownMissesLastByte as {@link KernelDifference#TOP_DOWN_USES_LAST_BYTE} tells
   * @param topDownWalksUp as {@link KernelDifference#SYSTEM_RAM_WALKED_DOWN} tells
   */
  MemHole(RangeIndex ranges, boolean topDownMissesLastByte, boolean topDownWalksUp) {
    this.ranges = ranges;
    this.topDownMissesLastByte = topDownMissesLastByte;
    this.topDownWalksUp = topDownWalksUp;
  }

  /** Where {@code buf} goes, or {@link #NONE}. Its memsz and alignment are whole pages. */
  long locate(KexecBuf buf, List<KexecSegment> placed) {
    if (buf.topDown() && !topDownWalksUp) {
      return walkDown(buf, placed);
    }
    return walkUp(buf, placed);
  }

  private long walkUp(KexecBuf buf, List<KexecSegment> placed) {
    int i = ranges.nextOfSize(ranges.firstEndingAbove(buf.min()), buf.memsz());
    while (i >= 0 && ranges.get(i).start() <= buf.max()) {
      PhysRange range = ranges.get(i);
      long mem = buf.topDown() ? highestIn(range, buf, placed) : lowestIn(range, buf, placed);
      if (mem != NONE) {
        return mem;
      }
      i = ranges.nextOfSize(i + 1, buf.memsz());
    }
    return NONE;
  }

  private long walkDown(KexecBuf buf, List<KexecSegment> placed) {
    int i = ranges.previousOfSize(ranges.count() - 1, buf.memsz());
    while (i >= 0 && ranges.get(i).end() > buf.min()) {
      long mem = highestIn(ranges.get(i), buf, placed);
      if (mem != NONE) {
        return mem;
      }
      i = ranges.previousOfSize(i - 1, buf.memsz());
    }
    return NONE;
  }

  private static long lowestIn(PhysRange range, KexecBuf buf, List<KexecSegment> placed) {
    long end = Math.min(range.end(), buf.max() + 1);
    long start = alignUp(Math.max(range.start(), buf.min()), buf.align());
    while (start + buf.memsz() <= end) {
      PhysRange met = firstMet(start, buf.memsz(), placed);
      if (met == null) {
        return start;
      }
      start = alignUp(met.end(), buf.align());
    }
    return NONE;
  }

  private long highestIn(PhysRange range, KexecBuf buf, List<KexecSegment> placed) {
    long floor = Math.max(range.start(), buf.min());
    long end = Math.min(range.end(), buf.max() + 1) - (topDownMissesLastByte ? 1 : 0);
    long start = alignDown(end - buf.memsz(), buf.align());
    while (start >= floor) {
      PhysRange met = firstMet(start, buf.memsz(), placed);
      if (met == null) {
        return start;
      }
      start = alignDown(met.start() - buf.memsz(), buf.align());
    }
    return NONE;
  }

  private static PhysRange firstMet(long start, long size, List<KexecSegment> placed) {
    for (int i = 0; i < placed.size(); i++) {
      PhysRange range = placed.get(i).range();
      if (start < range.end() && range.start() < start + size) {
        return range;
      }
    }
    return null;
  }

  /**
   * The kernel's {@code ALIGN}: with an alignment that is no power of two it gives what it gives.
   * Only riscv64's kernel can ask for such, and nothing is placed before it, so there is nothing to
   * go past and the jump stays exact. {@link io.github.kexecsim.loader.memory.Alignment} refuses
   * such.
   */
  static long alignUp(long value, long align) {
    return (value + align - 1) & -align;
  }

  private static long alignDown(long value, long align) {
    return value & -align;
  }
}
