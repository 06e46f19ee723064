package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AlignmentTest {
  @Test
  void multiplesStay() {
    for (long value : new long[] {0, 0x1000, 0x7000, 1L << 52}) {
      assertThat(Alignment.up(value, 0x1000)).isEqualTo(value);
      assertThat(Alignment.down(value, 0x1000)).isEqualTo(value);
      assertThat(Alignment.upToMultiple(value, 0x1000)).isEqualTo(value);
    }
  }

  @Test
  void othersGoToTheNextOne() {
    assertThat(Alignment.up(1, 0x1000)).isEqualTo(0x1000);
    assertThat(Alignment.up(0x1fff, 0x1000)).isEqualTo(0x2000);
    assertThat(Alignment.down(0xfff, 0x1000)).isZero();
    assertThat(Alignment.down(0x1fff, 0x1000)).isEqualTo(0x1000);
    assertThat(Alignment.upToMultiple(0x1001, 0x300)).isEqualTo(0x1200);
    assertThat(Alignment.up(7, 1)).isEqualTo(7);
  }

  @Test
  void valuesAreUnsignedAndBeginAgainAtZero() {
    assertThat(Alignment.down(-1, 0x1000)).isEqualTo(-0x1000);
    assertThat(Alignment.up(-0x1fff, 0x1000)).isEqualTo(-0x1000);
    assertThat(Alignment.up(-1, 0x1000)).isZero();
  }

  @Test
  void divisionAgrees() {
    SplittableRandom random = new SplittableRandom(5);
    for (int round = 0; round < 10_000; round++) {
      long value = random.nextLong(1L << 52);
      long alignment = 1L << random.nextInt(52);
      long step = 1 + random.nextLong(1L << 40);

      assertThat(Alignment.up(value, alignment)).isEqualTo(byDivision(value, alignment));
      assertThat(Alignment.upToMultiple(value, step)).isEqualTo(byDivision(value, step));
      assertThat(Alignment.down(value, alignment)).isEqualTo(value - value % alignment);
    }
  }

  private static long byDivision(long value, long step) {
    BigInteger[] parts = BigInteger.valueOf(value).divideAndRemainder(BigInteger.valueOf(step));
    return parts[0].add(BigInteger.valueOf(parts[1].signum())).longValueExact() * step;
  }

  @Test
  void onlyPowersOfTwoAlign() {
    for (long alignment : new long[] {0, 3, 0x1800, -1, -0x1000, Long.MIN_VALUE}) {
      assertThatIllegalArgumentException().isThrownBy(() -> Alignment.up(1, alignment));
      assertThatIllegalArgumentException().isThrownBy(() -> Alignment.down(1, alignment));
    }
  }

  @Test
  void noStepAsksForNothing() {
    assertThat(Alignment.upToMultiple(5, 0)).isEqualTo(5);
    assertThatIllegalArgumentException().isThrownBy(() -> Alignment.upToMultiple(5, -1));
    assertThatIllegalArgumentException().isThrownBy(() -> Alignment.upToMultiple(-5, 8));
  }
}
