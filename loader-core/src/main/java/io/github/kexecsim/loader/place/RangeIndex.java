package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;

/**
 * Ascending, disjoint ranges with an index over their sizes, so that a search skips every range
 * that is too small without looking at it. The index is a binary tree of maxima in one array: node
 * {@code i} has the children {@code 2i} and {@code 2i + 1}, and the leaves are the ranges.
 */
final class RangeIndex {
  private final PhysRange[] ranges;
  private final long[] largest;
  private final int leaves;

  RangeIndex(List<PhysRange> ascending) {
    ranges = ascending.toArray(PhysRange[]::new);
    leaves = Math.max(1, Integer.highestOneBit(Math.max(1, ranges.length - 1)) * 2);
    largest = new long[2 * leaves];
    for (int i = 0; i < ranges.length; i++) {
      if (i > 0 && ranges[i].start() < ranges[i - 1].end()) {
        throw new IllegalArgumentException(ranges[i] + " does not follow " + ranges[i - 1]);
      }
      largest[leaves + i] = ranges[i].size();
    }
    for (int i = leaves - 1; i > 0; i--) {
      largest[i] = Math.max(largest[2 * i], largest[2 * i + 1]);
    }
  }

  int count() {
    return ranges.length;
  }

  PhysRange get(int index) {
    return ranges[index];
  }

  List<PhysRange> asList() {
    return List.of(ranges);
  }

  /** The index of the first range that ends above {@code address}, or {@link #count()}. */
  int firstEndingAbove(long address) {
    int low = 0;
    int high = ranges.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ranges[middle].end() > address) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** The first index at or above {@code from} whose range has {@code size} bytes, or -1. */
  int nextOfSize(int from, long size) {
    if (from >= leaves) {
      return -1;
    }
    int node = leaves + from;
    while (largest[node] < size) {
      // Up while a right child, then over to the right sibling.
      while ((node & 1) == 1) {
        node >>= 1;
      }
      if (node == 0) {
        return -1;
      }
      node++;
    }
    while (node < leaves) {
      node = largest[2 * node] >= size ? 2 * node : 2 * node + 1;
    }
    return inside(node - leaves);
  }

  /** The last index at or below {@code from} whose range has {@code size} bytes, or -1. */
  int previousOfSize(int from, long size) {
    if (from < 0) {
      return -1;
    }
    int node = leaves + Math.min(from, leaves - 1);
    while (largest[node] < size) {
      // Up while a left child, then over to the left sibling; the root is nobody's right child.
      while (node > 1 && (node & 1) == 0) {
        node >>= 1;
      }
      if (node <= 1) {
        return -1;
      }
      node--;
    }
    while (node < leaves) {
      node = largest[2 * node + 1] >= size ? 2 * node + 1 : 2 * node;
    }
    return inside(node - leaves);
  }

  private int inside(int index) {
    return index < ranges.length ? index : -1;
  }
}
