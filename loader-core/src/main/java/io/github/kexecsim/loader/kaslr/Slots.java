package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.List;

/**
 * The physical addresses at which an image may begin: runs of evenly spaced ones, numbered through
 * in the order of the runs.
 *
 * @param imageSize what the image takes in memory from its start, in bytes, above 0
 * @param align the distance of neighbouring slots of a run in bytes, above 0
 * @param runs in the order in which they are numbered; slots of different runs are different
 */
public record Slots(long imageSize, long align, List<Run> runs) {
  /**
   * Evenly spaced slots.
   *
   * @param first the lowest
   * @param count how many, above 0
   */
  public record Run(long first, long count) {
    public Run {
      if (first < 0 || count <= 0) {
        throw new IllegalArgumentException("a run of " + count + " slots");
      }
    }
  }

  /**
   * Checks that every image lies in the physical address space.
   *
   * @throws IllegalArgumentException if one does not, or a number is out of its range
   */
  public Slots {
    if (imageSize <= 0 || imageSize > PhysRange.LIMIT || align <= 0) {
      throw new IllegalArgumentException("imageSize " + imageSize + ", align " + align);
    }
    for (Run run : runs) {
      long highest = PhysRange.LIMIT - imageSize;
      if (run.first() > highest || run.count() - 1 > (highest - run.first()) / align) {
        throw new IllegalArgumentException(run + " reaches beyond physical addresses");
      }
    }
    runs = List.copyOf(runs);
  }

  /** One slot: the image stays. */
  public static Slots fixed(PhysRange image) {
    return new Slots(image.size(), 1, List.of(new Run(image.start(), 1)));
  }

  /** How many there are. */
  public long count() {
    long count = 0;
    for (Run run : runs) {
      count += run.count();
    }
    return count;
  }

  /** The lowest; there must be one. */
  public long lowest() {
    long lowest = runs.get(0).first();
    for (Run run : runs) {
      lowest = Math.min(lowest, run.first());
    }
    return lowest;
  }

  /** The highest; there must be one. */
  public long highest() {
    long highest = last(runs.get(0));
    for (Run run : runs) {
      highest = Math.max(highest, last(run));
    }
    return highest;
  }

  private long last(Run run) {
    return run.first() + (run.count() - 1) * align;
  }

  /**
   * The slot of a number.
   *
   * @throws IndexOutOfBoundsException if the number is not below {@link #count}
   */
  public long at(long number) {
    long left = number;
    for (Run run : runs) {
      if (left >= 0 && left < run.count()) {
        return run.first() + left * align;
      }
      left -= run.count();
    }
    throw new IndexOutOfBoundsException("slot " + number + " of " + count());
  }

  /** Whether an image may begin there. */
  public boolean contains(long start) {
    for (Run run : runs) {
      if (start >= run.first() && start <= last(run) && (start - run.first()) % align == 0) {
        return true;
      }
    }
    return false;
  }

  /** Whether an image in some slot shares an address with {@code range}. */
  public boolean canHit(PhysRange range) {
    return !range.isEmpty() && runs.stream().anyMatch(run -> canHit(run, range));
  }

  /**
   * What lies in memory beside an image that goes into free memory only.
   *
   * @param what it is, for people
   * @param whySafe why it is not hit, where it is not
   */
  Neighbour neighbour(String what, PhysRange range, String whySafe) {
    boolean canBeHit = canHit(range);
    String why = canBeHit ? "the memory map that the stub is told calls it free" : whySafe;
    return new Neighbour(what, range, canBeHit, why);
  }

  private boolean canHit(Run run, PhysRange range) {
    long lowest = Math.max(run.first(), range.start() - imageSize + 1);
    long steps = (lowest - run.first() + align - 1) / align;
    return steps < run.count() && run.first() + steps * align < range.end();
  }

  /** All addresses that an image in some slot covers, and the gaps between neighbours. */
  public PhysRangeSet reach() {
    return PhysRangeSet.of(
        runs.stream().map(run -> new PhysRange(run.first(), last(run) + imageSize)).toList());
  }
}
