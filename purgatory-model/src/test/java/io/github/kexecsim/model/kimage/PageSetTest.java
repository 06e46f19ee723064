package io.github.kexecsim.model.kimage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PageSetTest {
  @Test
  void holdsWhatASetHolds() {
    SplittableRandom random = new SplittableRandom(11);
    PageSet pages = new PageSet();
    Set<Long> expected = new HashSet<>();
    for (int round = 0; round < 20_000; round++) {
      // Neighbours, and pages far apart up to those at 2^52.
      long page = random.nextLong(300) << 4 * random.nextInt(9) & (1L << 40) - 1;
      if (random.nextBoolean()) {
        pages.add(page);
        expected.add(page);
      } else {
        assertThat(pages.remove(page)).isEqualTo(expected.remove(page));
      }
      assertThat(pages.contains(page)).isEqualTo(expected.contains(page));
      assertThat(pages.size()).isEqualTo(expected.size());
    }
  }
}
