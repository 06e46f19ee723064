package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PhysRangeSetTest {
  private static final int SPACE = 96;

  @Test
  void joinsWhatOverlapsOrTouchesAndDropsWhatIsEmpty() {
    PhysRangeSet set =
        PhysRangeSet.of(range(8, 12), range(0, 4), range(4, 6), range(10, 16), range(7, 7));

    assertThat(set.ranges()).containsExactly(range(0, 6), range(8, 16));
    assertThat(set.totalSize()).isEqualTo(14);
    assertThat(set).isEqualTo(PhysRangeSet.of(range(0, 6), range(8, 16)));
  }

  @Test
  void holdsTheWholeSpace() {
    PhysRange all = range(0, PhysRange.LIMIT);

    assertThat(PhysRangeSet.of(all).contains(all)).isTrue();
    assertThat(PhysRangeSet.of(all).totalSize()).isEqualTo(PhysRange.LIMIT);
    assertThat(PhysRangeSet.of(all).subtract(PhysRangeSet.of(all))).isEqualTo(PhysRangeSet.EMPTY);
  }

  @Test
  void agreesWithABitmap() {
    SplittableRandom random = new SplittableRandom(0x5e7);
    for (int round = 0; round < 3000; round++) {
      List<PhysRange> someA = someRanges(random);
      List<PhysRange> someB = someRanges(random);
      PhysRangeSet a = PhysRangeSet.of(someA);
      PhysRangeSet b = PhysRangeSet.of(someB);
      BitSet bitsA = bits(someA);
      BitSet bitsB = bits(someB);

      assertSame(a, bitsA);
      BitSet union = (BitSet) bitsA.clone();
      union.or(bitsB);
      assertSame(a.union(b), union);
      BitSet shared = (BitSet) bitsA.clone();
      shared.and(bitsB);
      assertSame(a.intersect(b), shared);
      BitSet left = (BitSet) bitsA.clone();
      left.andNot(bitsB);
      assertSame(a.subtract(b), left);

      int start = random.nextInt(SPACE);
      int end = random.nextInt(start, SPACE + 1);
      assertThat(a.contains(range(start, end)))
          .isEqualTo(bitsA.get(start, end).cardinality() == end - start);
    }
  }

  @Test
  void cutsRangeByRangeWithoutJoiningThem() {
    SplittableRandom random = new SplittableRandom(0xc07);
    for (int round = 0; round < 3000; round++) {
      List<PhysRange> from = ascendingRanges(random);
      PhysRangeSet cut = PhysRangeSet.of(someRanges(random));

      List<PhysRange> expected = new ArrayList<>();
      for (PhysRange range : from) {
        expected.addAll(PhysRangeSet.of(range).subtract(cut).ranges());
      }
      assertThat(cut.cutOutOf(from)).isEqualTo(expected);
    }
  }

  @Test
  void setsOfTheSameAddressesAreEqual() {
    PhysRangeSet set = PhysRangeSet.of(new PhysRange(1, 2), new PhysRange(2, 5));

    assertThat(set).isEqualTo(PhysRangeSet.of(new PhysRange(1, 5)));
    assertThat(set).hasSameHashCodeAs(PhysRangeSet.of(new PhysRange(1, 5)));
    assertThat(set).isNotEqualTo(PhysRangeSet.of(new PhysRange(1, 4)));
  }

  @Test
  void refusesToCutOutOfAMess() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PhysRangeSet.EMPTY.cutOutOf(List.of(range(4, 8), range(0, 4))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PhysRangeSet.EMPTY.cutOutOf(List.of(range(0, 5), range(4, 8))));
  }

  private static PhysRange range(long start, long end) {
    return new PhysRange(start, end);
  }

  private static List<PhysRange> someRanges(SplittableRandom random) {
    List<PhysRange> ranges = new ArrayList<>();
    int count = random.nextInt(9);
    for (int i = 0; i < count; i++) {
      int start = random.nextInt(SPACE);
      ranges.add(range(start, Math.min(SPACE, start + random.nextInt(20))));
    }
    return ranges;
  }

  private static List<PhysRange> ascendingRanges(SplittableRandom random) {
    List<Integer> ends = new ArrayList<>();
    int count = 2 * random.nextInt(7);
    for (int i = 0; i < count; i++) {
      ends.add(random.nextInt(SPACE + 1));
    }
    Collections.sort(ends);
    List<PhysRange> ranges = new ArrayList<>();
    for (int i = 0; i < count; i += 2) {
      ranges.add(range(ends.get(i), ends.get(i + 1)));
    }
    return ranges;
  }

  private static BitSet bits(List<PhysRange> ranges) {
    BitSet bits = new BitSet(SPACE);
    for (PhysRange range : ranges) {
      bits.set((int) range.start(), (int) range.end());
    }
    return bits;
  }

  private static void assertSame(PhysRangeSet set, BitSet bits) {
    assertThat(bits(set.ranges())).isEqualTo(bits);
    assertThat(set.totalSize()).isEqualTo(bits.cardinality());
    assertThat(set.isEmpty()).isEqualTo(bits.isEmpty());
    long before = -1;
    for (PhysRange range : set.ranges()) {
      assertThat(range.start()).as("a gap before %s", range).isGreaterThan(before);
      assertThat(range.isEmpty()).isFalse();
      before = range.end();
    }
  }
}
