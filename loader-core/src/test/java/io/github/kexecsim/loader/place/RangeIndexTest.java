package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RangeIndexTest {
  @Test
  void findsWhatALinearScanFinds() {
    SplittableRandom random = new SplittableRandom(41);
    for (int round = 0; round < 3_000; round++) {
      List<PhysRange> ranges = RandomMemory.ranges(random, 40, 4 << 20);
      RangeIndex index = new RangeIndex(ranges);
      for (int i = 0; i < 20; i++) {
        int from = random.nextInt(-1, ranges.size() + 2);
        long size = size(random, ranges);
        long address = random.nextLong(6 << 20);
        assertThat(index.nextOfSize(Math.max(0, from), size))
            .isEqualTo(next(ranges, Math.max(0, from), size));
        assertThat(index.previousOfSize(from, size)).isEqualTo(previous(ranges, from, size));
        assertThat(index.firstEndingAbove(address)).isEqualTo(firstEndingAbove(ranges, address));
      }
    }
  }

  /** Any, and often just that of one of them. */
  private static long size(SplittableRandom random, List<PhysRange> ranges) {
    return random.nextBoolean()
        ? random.nextLong(0, 400_000)
        : ranges.get(random.nextInt(ranges.size())).size();
  }

  @Test
  void anEmptyIndexFindsNothing() {
    RangeIndex index = new RangeIndex(List.of());

    assertThat(index.nextOfSize(0, 1)).isEqualTo(-1);
    assertThat(index.nextOfSize(0, 0)).isEqualTo(-1);
    assertThat(index.previousOfSize(-1, 0)).isEqualTo(-1);
    assertThat(index.firstEndingAbove(0)).isZero();
  }

  @Test
  void refusesRangesThatDoNotAscend() {
    List<PhysRange> overlapping = List.of(new PhysRange(0, 8192), new PhysRange(4096, 12288));

    assertThatThrownBy(() -> new RangeIndex(overlapping))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static int next(List<PhysRange> ranges, int from, long size) {
    for (int i = from; i < ranges.size(); i++) {
      if (ranges.get(i).size() >= size) {
        return i;
      }
    }
    return -1;
  }

  private static int previous(List<PhysRange> ranges, int from, long size) {
    for (int i = Math.min(from, ranges.size() - 1); i >= 0; i--) {
      if (ranges.get(i).size() >= size) {
        return i;
      }
    }
    return -1;
  }

  private static int firstEndingAbove(List<PhysRange> ranges, long address) {
    for (int i = 0; i < ranges.size(); i++) {
      if (ranges.get(i).end() > address) {
        return i;
      }
    }
    return ranges.size();
  }
}
