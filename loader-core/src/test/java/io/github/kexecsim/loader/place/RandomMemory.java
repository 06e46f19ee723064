package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Small memories with gaps of every kind. */
final class RandomMemory {
  private static final long PAGE = 4096;

  private RandomMemory() {}

  /**
   * Up to {@code maxRanges} ascending ranges below about {@code limit}: some touch, some are
   * smaller than a page, some begin or end inside one.
   */
  static List<PhysRange> ranges(SplittableRandom random, int maxRanges, long limit) {
    int count = random.nextInt(1, maxRanges + 1);
    long share = limit / count;
    List<PhysRange> ranges = new ArrayList<>();
    long at = random.nextInt(3) == 0 ? 0 : pages(random, share / 4);
    for (int i = 0; i < count; i++) {
      at += random.nextInt(4) == 0 ? 0 : pages(random, share / 8);
      at += random.nextInt(4) == 0 ? random.nextInt(1, (int) PAGE) : 0;
      long size = random.nextInt(8) == 0 ? PAGE : pages(random, share);
      size += random.nextInt(4) == 0 ? random.nextInt(1, (int) PAGE) : PAGE;
      ranges.add(PhysRange.ofSize(at, size));
      at += size;
    }
    return ranges;
  }

  private static long pages(SplittableRandom random, long below) {
    return random.nextLong(Math.max(1, below / PAGE)) * PAGE;
  }
}
