package io.github.kexecsim.model.kimage;

import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.List;

/**
 * Some memory and the order in which its blocks come. A block is an aligned power of two of pages
 * within one range, as the buddy allocator has them.
 */
final class Stretch {
  private enum Direction {
    UP,
    DOWN,
    SHUFFLED
  }

  private final PhysRangeSet memory;
  private final Direction direction;
  private final long seed;
  private final long limit;

  private Stretch(PhysRangeSet memory, Direction direction, long seed, long limit) {
    this.memory = memory;
    this.direction = direction;
    this.seed = seed;
    this.limit = limit;
  }

  static Stretch ascending(PhysRangeSet memory) {
    return new Stretch(memory, Direction.UP, 0, Long.MAX_VALUE);
  }

  static Stretch descending(PhysRangeSet memory) {
    return new Stretch(memory, Direction.DOWN, 0, Long.MAX_VALUE);
  }

  static Stretch shuffled(PhysRangeSet memory, long seed) {
    return new Stretch(memory, Direction.SHUFFLED, seed, Long.MAX_VALUE);
  }

  /** Only the first {@code count} blocks of this order. */
  Stretch first(long count) {
    return new Stretch(memory, direction, seed, count);
  }

  /** The blocks of a size, in this order. */
  Blocks blocks(long blockSize) {
    return new Blocks(memory.ranges(), blockSize);
  }

  /** Blocks in their order, each one computed when it is asked for. */
  final class Blocks {
    private final long blockSize;
    private final long[] starts;
    private final long[] before;
    private final long count;

    private Blocks(List<PhysRange> ranges, long blockSize) {
      this.blockSize = blockSize;
      this.starts = new long[ranges.size()];
      this.before = new long[ranges.size() + 1];
      for (int i = 0; i < starts.length; i++) {
        PhysRange range = ranges.get(i);
        starts[i] = Alignment.up(range.start(), blockSize);
        long size = Math.max(0, Alignment.down(range.end(), blockSize) - starts[i]);
        before[i + 1] = before[i] + size / blockSize;
      }
      this.count = before[starts.length];
    }

    /** How many there are. */
    long count() {
      return Math.min(count, limit);
    }

    /** The address of the {@code rank}-th. */
    long at(long rank) {
      long position =
          switch (direction) {
            case UP -> rank;
            case DOWN -> count - 1 - rank;
            case SHUFFLED -> shuffled(rank);
          };
      int low = 0;
      int high = starts.length - 1;
      while (low < high) {
        int middle = (low + high + 1) >>> 1;
        if (before[middle] <= position) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      return starts[low] + (position - before[low]) * blockSize;
    }

    /**
     * A permutation of 0 to count - 1 without a table: bijective steps on the next power of two,
     * taken again until the result is below count, which is less than twice on average.
     */
    private long shuffled(long rank) {
      int bits = 64 - Long.numberOfLeadingZeros(Math.max(1, count - 1));
      long mask = (1L << bits) - 1;
      int half = (bits + 1) / 2;
      long x = rank;
      do {
        long key = seed;
        for (int round = 0; round < 4; round++) {
          key = key * 0x5851f42d4c957f2dL + 0x14057b7ef767814fL;
          x = (x + (key >>> 7)) & mask;
          x = (x * (key | 1)) & mask;
          x ^= x >>> half;
        }
      } while (x >= count);
      return x;
    }
  }
}
