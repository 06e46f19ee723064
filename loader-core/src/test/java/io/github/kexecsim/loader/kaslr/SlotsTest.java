package io.github.kexecsim.loader.kaslr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Numbered places, against lists of all of them. */
class SlotsTest {
  private static final int ROUNDS = 2000;

  @Test
  void everyAnswerIsThatOfTheList() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < ROUNDS; round++) {
      Slots slots = random(random);
      List<Long> all = list(slots);

      assertThat(slots.count()).isEqualTo(all.size());
      assertThat(slots.lowest()).isEqualTo(all.stream().min(Long::compare).orElseThrow());
      assertThat(slots.highest()).isEqualTo(all.stream().max(Long::compare).orElseThrow());
      for (int i = 0; i < all.size(); i++) {
        assertThat(slots.at(i)).isEqualTo(all.get(i));
      }
      long start = random.nextLong(400);
      PhysRange range = PhysRange.ofSize(start, random.nextLong(40));
      assertThat(slots.contains(start)).isEqualTo(all.contains(start));
      assertThat(slots.canHit(range))
          .as("%s hits %s", slots, range)
          .isEqualTo(all.stream().anyMatch(slot -> image(slots, slot).overlaps(range)));
    }
  }

  /** Gaps between neighbours count as covered, and nothing else does. */
  @Test
  void reachCoversEveryImageAndNothingBeyondTheRuns() {
    SplittableRandom random = new SplittableRandom(2);
    for (int round = 0; round < ROUNDS; round++) {
      Slots slots = random(random);

      assertThat(list(slots)).allMatch(slot -> slots.reach().contains(image(slots, slot)));
      assertThat(slots.reach().ranges().get(0).start()).isEqualTo(slots.lowest());
    }
  }

  @Test
  void oneThatLeavesPhysicalAddressesIsRefused() {
    long last = PhysRange.LIMIT - 0x1000;

    assertThat(new Slots(0x1000, 0x1000, List.of(new Slots.Run(last, 1))).highest())
        .isEqualTo(last);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Slots(0x1001, 0x1000, List.of(new Slots.Run(last, 1))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Slots(0x1000, 0x1000, List.of(new Slots.Run(last, 2))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Slots(0x1000, 0x1000, List.of(new Slots.Run(0, Long.MAX_VALUE))));
  }

  private static PhysRange image(Slots slots, long start) {
    return PhysRange.ofSize(start, slots.imageSize());
  }

  private static Slots random(SplittableRandom random) {
    long align = 1 + random.nextLong(9);
    List<Slots.Run> runs = new ArrayList<>();
    long next = random.nextLong(20);
    for (int i = 0; i <= random.nextInt(3); i++) {
      long count = 1 + random.nextLong(8);
      runs.add(new Slots.Run(next, count));
      next += count * align + random.nextLong(60);
    }
    return new Slots(1 + random.nextLong(20), align, runs);
  }

  private static List<Long> list(Slots slots) {
    List<Long> all = new ArrayList<>();
    for (Slots.Run run : slots.runs()) {
      for (long i = 0; i < run.count(); i++) {
        all.add(run.first() + i * slots.align());
      }
    }
    return all;
  }
}
