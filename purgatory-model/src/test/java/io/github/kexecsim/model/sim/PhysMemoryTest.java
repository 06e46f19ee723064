package io.github.kexecsim.model.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PhysMemoryTest {
  private static final int PAGE = 4096;

  private final PhysMemory memory = new PhysMemory(PAGE);

  private static ByteView page(int value) {
    byte[] bytes = new byte[PAGE];
    Arrays.fill(bytes, (byte) value);
    return ByteView.of(bytes);
  }

  @Test
  void memoryNeverWrittenReadsAsPoisonAndCostsNothing() {
    assertThat(memory.word(0x2_ffff_fff8L)).isEqualTo(0xa5a5a5a5a5a5a5a5L);
    assertThat(memory.isWritten(0x2_ffff_fff8L)).isFalse();
    assertThat(memory.pagesInUse()).isZero();
  }

  @Test
  void whatWasThereIsToldFromWhatIsWritten() {
    memory.put(0x1000, page(1));
    assertThat(memory.isWritten(0x1800)).isTrue();
    assertThat(memory.isOverwritten(0x1800)).isFalse();
    memory.copyPage(0x3000, 0x1000);
    assertThat(memory.isOverwritten(0x3000)).isTrue();
    assertThat(memory.isOverwritten(0x1000)).isFalse();
    assertThat(memory.page(0x3000)).isEqualTo(page(1));
  }

  @Test
  void aCopyKeepsItsBytesWhenTheOriginalChanges() {
    memory.put(0x1000, page(1));
    memory.copyPage(0x3000, 0x1000);
    memory.putWord(0x1008, 0x1122334455667788L);
    assertThat(memory.word(0x1008)).isEqualTo(0x1122334455667788L);
    assertThat(memory.page(0x1000).u8(8)).isEqualTo(0x88);
    assertThat(memory.page(0x3000)).isEqualTo(page(1));
  }

  @Test
  void pagesAreSwapped() {
    memory.put(0x1000, page(1));
    memory.put(0x2000, page(2));
    memory.swapPages(0x1000, 0x2000);
    assertThat(memory.page(0x1000)).isEqualTo(page(2));
    assertThat(memory.page(0x2000)).isEqualTo(page(1));
  }

  @Test
  void wordsAreMadeWhenTheyAreRead() {
    int[] asked = new int[1];
    memory.put(
        0x1000,
        () -> {
          asked[0]++;
          return new long[] {7, 8};
        });
    assertThat(asked[0]).isZero();
    assertThat(memory.word(0x1008)).isEqualTo(8);
    assertThat(memory.word(0x1010)).isZero();
    assertThat(asked[0]).isEqualTo(1);
  }

  @Test
  void onlyWholePagesArePut() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> memory.put(0x1000, ByteView.of(new byte[5])));
  }
}
