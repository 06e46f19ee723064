package io.github.kexecsim.loader.memory;

import com.google.common.collect.ImmutableRangeSet;
import com.google.common.collect.Range;
import com.google.common.collect.TreeRangeSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * A set of physical addresses, kept as ascending ranges of which no two touch. Immutable.
 *
 * <p>Being a set of addresses it forgets where one range ended and its neighbour began. The hole
 * search must not forget that (a hole never spans two memory regions), so what it walks are plain
 * lists, cut by {@link #cutOutOf}.
 */
public final class PhysRangeSet {
  /** No address at all. */
  public static final PhysRangeSet EMPTY = new PhysRangeSet(ImmutableRangeSet.of());

  private final ImmutableRangeSet<Long> addresses;

  private PhysRangeSet(ImmutableRangeSet<Long> addresses) {
    this.addresses = addresses;
  }

  /** The addresses of {@code ranges}, which may come in any order, overlap, touch and be empty. */
  public static PhysRangeSet of(Collection<PhysRange> ranges) {
    TreeRangeSet<Long> union = TreeRangeSet.create();
    ranges.forEach(range -> union.add(addresses(range)));
    return new PhysRangeSet(ImmutableRangeSet.copyOf(union));
  }

  /** The addresses of {@code ranges}. */
  public static PhysRangeSet of(PhysRange... ranges) {
    return of(List.of(ranges));
  }

  private static Range<Long> addresses(PhysRange range) {
    return Range.closedOpen(range.start(), range.end());
  }

  private static PhysRange range(Range<Long> addresses) {
    return new PhysRange(addresses.lowerEndpoint(), addresses.upperEndpoint());
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
    return addresses.asRanges().stream().map(PhysRangeSet::range).toList();
  }

  public boolean isEmpty() {
    return addresses.isEmpty();
  }

  /** How many addresses it has, in bytes: at most 2^52. */
  public long totalSize() {
    return ranges().stream().mapToLong(PhysRange::size).sum();
  }

  /** Whether every address of {@code range} is in the set; true of an empty range. */
  public boolean contains(PhysRange range) {
    return range.isEmpty() || addresses.encloses(addresses(range));
  }

  /** The addresses that are in either. */
  public PhysRangeSet union(PhysRangeSet other) {
    return new PhysRangeSet(addresses.union(other.addresses));
  }

  /** The addresses that are in both. */
  public PhysRangeSet intersect(PhysRangeSet other) {
    return new PhysRangeSet(addresses.intersection(other.addresses));
  }

  /** The addresses of this set that are not in {@code other}. */
  public PhysRangeSet subtract(PhysRangeSet other) {
    return new PhysRangeSet(addresses.difference(other.addresses));
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
    ImmutableRangeSet<Long> outside = addresses.complement();
    List<PhysRange> left = new ArrayList<>();
    for (PhysRange range : from) {
      outside.subRangeSet(addresses(range)).asRanges().forEach(part -> left.add(range(part)));
    }
    return left;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PhysRangeSet that && addresses.equals(that.addresses);
  }

  @Override
  public int hashCode() {
    return addresses.hashCode();
  }

  @Override
  public String toString() {
    return ranges().toString();
  }
}
