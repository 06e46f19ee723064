package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhysRangeTest {
  private static final long LIMIT = 1L << 52;

  @Test
  void mayBeginAtZeroAndEndAtTheLimit() {
    PhysRange all = new PhysRange(0, LIMIT);
    assertThat(PhysRange.ofSize(0, LIMIT)).isEqualTo(all);
    assertThat(PhysRange.ofInclusive(0, LIMIT - 1)).isEqualTo(all);
    assertThat(all.size()).isEqualTo(LIMIT);
    assertThat(all.last()).isEqualTo(LIMIT - 1);
    assertThat(PhysRange.ofSize(LIMIT, 0).isEmpty()).isTrue();
    assertThat(PhysRange.ofInclusive(0, 0)).isEqualTo(PhysRange.ofSize(0, 1));
    assertThat(PhysRange.ofSize(0x1000, 0x234)).isEqualTo(new PhysRange(0x1000, 0x1234));
  }

  @Test
  void goesNoFurther() {
    assertRefused(() -> new PhysRange(-1, 0));
    assertRefused(() -> new PhysRange(1, 0));
    assertRefused(() -> new PhysRange(0, LIMIT + 1));
    assertRefused(() -> PhysRange.ofSize(-1, 1));
    assertRefused(() -> PhysRange.ofSize(0, -1));
    assertRefused(() -> PhysRange.ofSize(1, LIMIT));
    assertRefused(() -> PhysRange.ofSize(1, Long.MAX_VALUE));
    assertRefused(() -> PhysRange.ofInclusive(0, LIMIT));
    assertRefused(() -> PhysRange.ofInclusive(0, -1));
    assertRefused(() -> PhysRange.ofInclusive(2, 0));
  }

  private static void assertRefused(Runnable range) {
    assertThat(catchThrowableOfType(KexecException.class, range::run).reason())
        .isEqualTo(Reason.BAD_MEMORY_MAP);
  }

  /** To touch is not to overlap, and what is empty overlaps nothing. */
  @ParameterizedTest
  @CsvSource({
    "0, 2, false",
    "0, 3, true",
    "3, 4, true",
    "5, 6, true",
    "6, 8, false",
    "2, 6, true",
    "0, 9, true",
    "4, 4, false",
    "2, 2, false",
    "6, 6, false"
  })
  void overlapsWhatSharesAnAddress(long start, long end, boolean overlaps) {
    PhysRange range = new PhysRange(2, 6);
    PhysRange other = new PhysRange(start, end);

    assertThat(range.overlaps(other)).isEqualTo(overlaps);
    assertThat(other.overlaps(range)).isEqualTo(overlaps);
  }

  @Test
  void areOrderedByStartAndThenByEnd() {
    PhysRange range = new PhysRange(2, 6);

    assertThat(range).isLessThan(new PhysRange(3, 4)).isLessThan(new PhysRange(2, 7));
    assertThat(range).isGreaterThan(new PhysRange(1, 9)).isGreaterThan(new PhysRange(2, 5));
    assertThat(range).isEqualByComparingTo(new PhysRange(2, 6));
  }

  @Test
  void wholePagesAreInside() {
    assertThat(new PhysRange(0x1001, 0x4fff).wholePages(0x1000))
        .isEqualTo(new PhysRange(0x2000, 0x4000));
    PhysRange whole = new PhysRange(0x1000, 0x4000);
    assertThat(whole.wholePages(0x1000)).isEqualTo(whole);
    assertThat(new PhysRange(0x1001, 0x1fff).wholePages(0x1000).isEmpty()).isTrue();
    assertThat(new PhysRange(PhysRange.LIMIT - 1, PhysRange.LIMIT).wholePages(0x1000).isEmpty())
        .isTrue();
  }
}
