package io.github.kexecsim.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SampleTest {
  private static final int PAGE = 4096;

  @Test
  void aSmallKernelIsTakenWhole() {
    ByteView kernel = ByteView.of(new byte[Sample.LEAST]);
    Sample sample = Sample.of(kernel, Sample.LEAST);
    assertThat(sample.bytes()).isSameAs(kernel);
    assertThat(sample.isWhole()).isTrue();
    assertThat(sample.pieces()).isOne();
  }

  @Test
  void piecesOfWholePagesComeFromAllOver() {
    Random random = new Random(1);
    for (int i = 0; i < 200; i++) {
      int size = Sample.LEAST + 1 + random.nextInt(2 << 20);
      long most = Sample.LEAST + random.nextInt(size - Sample.LEAST);
      Sample sample = Sample.of(ByteView.of(numberedPages(size)), most);

      assertThat(sample.isWhole()).isFalse();
      assertThat(sample.kernelSize()).isEqualTo(size);
      assertThat((long) sample.bytes().size()).isLessThanOrEqualTo(most).isPositive();
      assertThat(sample.bytes().size() % (sample.pieces() * PAGE)).isZero();
      long last = -1;
      for (int page = 0; page < sample.bytes().size(); page += PAGE) {
        long number = sample.bytes().u32le(page);
        assertThat(number).isGreaterThan(last);
        last = number;
      }
      assertThat(sample.bytes().u32le(0)).isZero();
      assertThat(last).isGreaterThanOrEqualTo(size / PAGE - 2);
    }
  }

  /** Every page begins with its number. */
  private static byte[] numberedPages(int size) {
    byte[] bytes = new byte[size];
    for (int page = 0; page <= (size - 4) / PAGE; page++) {
      bytes[page * PAGE] = (byte) page;
      bytes[page * PAGE + 1] = (byte) (page >> 8);
    }
    return bytes;
  }

  @Test
  void thereIsALeast() {
    ByteView kernel = ByteView.of(new byte[100]);
    assertThatIllegalArgumentException().isThrownBy(() -> Sample.of(kernel, Sample.LEAST - 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Sample.of(ByteView.of(new byte[0]), Sample.LEAST));
  }
}
