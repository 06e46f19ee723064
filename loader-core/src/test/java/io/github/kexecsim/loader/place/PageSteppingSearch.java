package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MemoryWalk;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;

/**
 * The hole search in the kernel's own steps, a page at a time, with inclusive ends as the kernel
 * has them: what {@link MemHole} must equal.
 */
final class PageSteppingSearch {
  private final List<PhysRange> ranges;
  private final int pageSize;
  private final boolean olderTopDown;
  private final boolean walksUpOnly;
  private final List<KexecSegment> placed = new ArrayList<>();

  PageSteppingSearch(Machine machine, List<PhysRange> ranges) {
    this.ranges = ranges;
    this.pageSize = machine.pageSize();
    boolean before68 = !machine.kernelVersion().isAtLeast(6, 8);
    this.olderTopDown = before68;
    this.walksUpOnly = before68 && machine.walk() == MemoryWalk.SYSTEM_RAM;
  }

  List<KexecSegment> placed() {
    return placed;
  }

  /** Places a buffer; false where there is no hole. */
  boolean add(KexecBuf buf) {
    long memsz = (buf.memsz() + pageSize - 1) / pageSize * pageSize;
    long align = Math.max(buf.align(), pageSize);
    boolean reverse = buf.topDown() && !walksUpOnly;
    for (int i = 0; i < ranges.size(); i++) {
      PhysRange range = ranges.get(reverse ? ranges.size() - 1 - i : i);
      long first = range.start();
      long last = range.end() - 1;
      if (last - first + 1 < memsz || last < buf.min() || first > buf.max()) {
        continue;
      }
      long mem =
          buf.topDown()
              ? fromAbove(first, last, memsz, align, buf)
              : fromBelow(first, last, memsz, align, buf);
      if (mem >= 0) {
        placed.add(
            new KexecSegment(buf.role(), PhysRange.ofSize(mem, memsz), buf.bufsz(), buf.content()));
        return true;
      }
    }
    return false;
  }

  private long fromAbove(long first, long last, long memsz, long align, KexecBuf buf) {
    long start = Math.min(last, buf.max()) - memsz + (olderTopDown ? 0 : 1);
    while (true) {
      start = start & ~(align - 1);
      if (start < first || start < buf.min()) {
        return -1;
      }
      if (isFree(start, start + memsz - 1)) {
        return start;
      }
      start -= pageSize;
    }
  }

  private long fromBelow(long first, long last, long memsz, long align, KexecBuf buf) {
    long start = Math.max(first, buf.min());
    while (true) {
      start = (start + (align - 1)) & ~(align - 1);
      long end = start + memsz - 1;
      if (end > last || end > buf.max()) {
        return -1;
      }
      if (isFree(start, end)) {
        return start;
      }
      start += pageSize;
    }
  }

  private boolean isFree(long first, long last) {
    for (KexecSegment segment : placed) {
      if (last >= segment.mem() && first <= segment.range().end() - 1) {
        return false;
      }
    }
    return true;
  }
}
