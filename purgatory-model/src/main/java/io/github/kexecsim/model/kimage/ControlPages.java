package io.github.kexecsim.model.kimage;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Hands out control pages: those that are in use while everything else is being overwritten, and so
 * lie outside every destination ({@code kernel/kexec_core.c, kimage_alloc_control_pages}, v6.1).
 */
public final class ControlPages {
  /** Finds a block of 2^order pages, or {@link FreePages#NONE}. */
  private interface Allocator {
    long find(int order);
  }

  private final int pageSize;
  private final Allocator allocator;
  private final List<PhysRange> allocated = new ArrayList<>();

  private ControlPages(int pageSize, Allocator allocator) {
    this.pageSize = pageSize;
    this.allocator = allocator;
  }

  /** Those of a default load: free pages of the running kernel. */
  static ControlPages ofDefaultLoad(FreePages free, int pageSize) {
    return new ControlPages(pageSize, free::takeElsewhere);
  }

  /** Those of a crash load: the lowest holes between the segments in the crash region. */
  static ControlPages ofCrashLoad(PhysRange region, List<KexecSegment> segments, int pageSize) {
    return new ControlPages(pageSize, new CrashHoles(region, segments, pageSize));
  }

  /**
   * Takes a block of 2^order pages, aligned to its size.
   *
   * @return its physical address
   * @throws KexecException {@link Reason#NO_MEMORY} when none is left
   */
  public long allocate(int order) {
    long block = allocator.find(order);
    if (block == FreePages.NONE) {
      throw new KexecException(
          Reason.NO_MEMORY,
          String.format(
              Locale.ROOT,
              "no 0x%x bytes in one piece are left for a control page outside the segments, after"
                  + " %d that were found",
              (long) pageSize << order,
              allocated.size()),
          "smaller segments, or more memory: for a crash kernel, a larger crashkernel=");
    }
    allocated.add(PhysRange.ofSize(block, (long) pageSize << order));
    return block;
  }

  /** What was handed out so far, in the order in which it was. */
  public List<PhysRange> allocated() {
    return List.copyOf(allocated);
  }

  /**
   * The first hole of the size above the last one: what lies below it is not looked at again
   * ({@code kimage_alloc_crash_control_pages}, v6.1).
   */
  private static final class CrashHoles implements Allocator {
    private final PhysRange region;
    private final List<KexecSegment> segments;
    private final int pageSize;
    private long next;

    CrashHoles(PhysRange region, List<KexecSegment> segments, int pageSize) {
      this.region = region;
      this.segments = segments;
      this.pageSize = pageSize;
      this.next = region.start();
    }

    @Override
    public long find(int order) {
      long size = (long) pageSize << order;
      long start = Alignment.up(next, size);
      while (size <= region.end() - start) {
        long above = endOfOverlapped(start, start + size);
        if (above < 0) {
          next = start + size;
          return start;
        }
        start = Alignment.up(above, size);
      }
      return FreePages.NONE;
    }

    private long endOfOverlapped(long start, long end) {
      for (KexecSegment segment : segments) {
        if (start < segment.range().end() && segment.mem() < end) {
          return segment.range().end();
        }
      }
      return -1;
    }
  }
}
