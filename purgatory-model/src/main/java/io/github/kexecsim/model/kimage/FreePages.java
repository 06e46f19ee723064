package io.github.kexecsim.model.kimage;

import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The running kernel's free pages while a load takes some of them. Always the page that comes first
 * in the order of its {@link PageSource} is handed out.
 */
final class FreePages {
  /** No page is left: no address of a page is negative. */
  static final long NONE = -1;

  private final int pageSize;
  private final Cursor pages;
  private final List<Stretch> elsewhere;
  private final Map<Integer, Cursor> elsewhereByOrder = new HashMap<>();
  private final PageSet taken = new PageSet();

  FreePages(PageSource source, PhysRangeSet free, Destinations destinations) {
    this.pageSize = destinations.pageSize();
    PhysRangeSet outside = free.subtract(destinations.ranges());
    List<Stretch> stretches = source.order().pages(free, destinations.ranges(), source.seed());
    this.pages = new Cursor(stretches, pageSize);
    this.elsewhere = source.order().pages(outside, PhysRangeSet.EMPTY, source.seed());
  }

  /** The next page, or {@link #NONE}. */
  long take() {
    return pages.next();
  }

  /**
   * The next block of 2^order pages of which none is a destination, or {@link #NONE}. What {@code
   * kimage_alloc_normal_control_pages} takes in vain on the way it gives back when it is done, so
   * that nothing is left of it here.
   */
  long takeElsewhere(int order) {
    return elsewhereByOrder
        .computeIfAbsent(order, o -> new Cursor(elsewhere, (long) pageSize << o))
        .next();
  }

  /** How far an order has been walked. */
  private final class Cursor {
    private final List<Stretch.Blocks> stretches = new ArrayList<>();
    private final long blockSize;
    private int stretch;
    private long rank;

    Cursor(List<Stretch> stretches, long blockSize) {
      this.blockSize = blockSize;
      for (Stretch each : stretches) {
        this.stretches.add(each.blocks(blockSize));
      }
    }

    long next() {
      while (stretch < stretches.size()) {
        Stretch.Blocks blocks = stretches.get(stretch);
        while (rank < blocks.count()) {
          long block = blocks.at(rank++);
          if (isFree(block)) {
            mark(block);
            return block;
          }
        }
        stretch++;
        rank = 0;
      }
      return NONE;
    }

    private boolean isFree(long block) {
      for (long page = block; page < block + blockSize; page += pageSize) {
        if (taken.contains(page / pageSize)) {
          return false;
        }
      }
      return true;
    }

    private void mark(long block) {
      for (long page = block; page < block + blockSize; page += pageSize) {
        taken.add(page / pageSize);
      }
    }
  }
}
