package io.github.kexecsim.loader.memory;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * A set of physical addresses, kept as ascending ranges of which no two touch. Immutable; every
 * operation is linear after the one sort in {@link #of}.
 *
 * <p>Being a set of addresses it forgets where one range ended and its neighbour began. The hole
 * search must not forget that (a hole never spans two memory regions), so what it walks are plain
 * lists, cut by {@link #cutOutOf}.
 */
public final class PhysRangeSet {
  /** No address at all. */
  public static final PhysRangeSet EMPTY = new PhysRangeSet(List.of());

  private final List<PhysRange> ranges;

  private PhysRangeSet(List<PhysRange> ranges) {
    this.ranges = Collections.unmodifiableList(ranges);
  }

  /** The addresses of {@code ranges}, which may come in any order, overlap, touch and be empty. */
  public static PhysRangeSet of(Collection<PhysRange> ranges) {
    List<PhysRange> sorted = new ArrayList<>(ranges);
    Collections.sort(sorted);
    List<PhysRange> merged = new ArrayList<>();
    for (PhysRange range : sorted) {
      int last = merged.size() - 1;
      if (range.isEmpty()) {
        continue;
      }
      if (last >= 0 && range.start() <= merged.get(last).end()) {
        PhysRange before = merged.get(last);
        merged.set(last, new PhysRange(before.start(), Math.max(before.end(), range.end())));
      } else {
        merged.add(range);
      }
    }
    return new PhysRangeSet(merged);
  }

  /** The addresses of {@code ranges}. */
  public static PhysRangeSet of(PhysRange... ranges) {
    return of(List.of(ranges));
  }

  /** Whether every range starts at or behind the end of the one before it. */
  static boolean isAscending(List<PhysRange> ranges) {
    for (int i = 1; i < ranges.size(); i++) {
      if (ranges.get(i).start() < ranges.get(i - 1).end()) {
        return false;
      }
    }
    return true;
  }

  /** The set as ascending ranges that neither overlap nor touch nor are empty; unmodifiable. */
  public List<PhysRange> ranges() {
    return ranges;
  }

  public boolean isEmpty() {
    return ranges.isEmpty();
  }

  /** How many addresses it has, in bytes: at most 2^52. */
  public long totalSize() {
    long total = 0;
    for (PhysRange range : ranges) {
      total += range.size();
    }
    return total;
  }

  /** Whether every address of {@code range} is in the set; true of an empty range. */
  public boolean contains(PhysRange range) {
    if (range.isEmpty()) {
      return true;
    }
    // The range that starts last at or before range.start() is the only one that can hold it.
    int found = Collections.binarySearch(ranges, new PhysRange(range.start(), PhysRange.LIMIT));
    int candidate = found >= 0 ? found : -found - 2;
    return candidate >= 0 && ranges.get(candidate).contains(range);
  }

  /** The addresses that are in either. */
  public PhysRangeSet union(PhysRangeSet other) {
    List<PhysRange> both = new ArrayList<>(ranges);
    both.addAll(other.ranges);
    return of(both);
  }

  /** The addresses that are in both. */
  public PhysRangeSet intersect(PhysRangeSet other) {
    List<PhysRange> shared = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < ranges.size() && j < other.ranges.size()) {
      PhysRange a = ranges.get(i);
      PhysRange b = other.ranges.get(j);
      long start = Math.max(a.start(), b.start());
      long end = Math.min(a.end(), b.end());
      if (start < end) {
        shared.add(new PhysRange(start, end));
      }
      if (a.end() < b.end()) {
        i++;
      } else {
        j++;
      }
    }
    return new PhysRangeSet(shared);
  }

  /** The addresses of this set that are not in {@code other}. */
  public PhysRangeSet subtract(PhysRangeSet other) {
    return new PhysRangeSet(other.cutOutOf(ranges));
  }

  /**
   * What this set leaves of {@code from}: each range loses the set's addresses, and no two ranges
   * of {@code from} are joined, however close they lie.
   *
   * @param from ranges that ascend and do not overlap
   * @return ascending, not empty, at least one for each range of {@code from} that is not covered
   * @throws IllegalArgumentException if {@code from} does not ascend
   */
  public List<PhysRange> cutOutOf(List<PhysRange> from) {
    if (!isAscending(from)) {
      throw new IllegalArgumentException("ranges must ascend and not overlap: " + from);
    }
    List<PhysRange> left = new ArrayList<>();
    int i = 0;
    for (PhysRange range : from) {
      while (i < ranges.size() && ranges.get(i).end() <= range.start()) {
        i++;
      }
      long start = range.start();
      // The last cut may reach into the next range, so i stays on it.
      for (int j = i; j < ranges.size() && ranges.get(j).start() < range.end(); j++) {
        i = j;
        if (start < ranges.get(j).start()) {
          left.add(new PhysRange(start, ranges.get(j).start()));
        }
        start = ranges.get(j).end();
      }
      if (start < range.end()) {
        left.add(new PhysRange(start, range.end()));
      }
    }
    return left;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PhysRangeSet that && ranges.equals(that.ranges);
  }

  @Override
  public int hashCode() {
    return ranges.hashCode();
  }

  @Override
  public String toString() {
    return ranges.toString();
  }
}
