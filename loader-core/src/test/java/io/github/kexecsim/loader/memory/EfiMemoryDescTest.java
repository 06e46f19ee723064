package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EfiMemoryDescTest {
  private static final PhysRange RANGE = new PhysRange(0, 0x1000);

  /** The loader's (1, 2), the boot services' (3, 4), conventional (7) and unaccepted (15). */
  @ParameterizedTest
  @CsvSource({
    "0, false",
    "1, true",
    "2, true",
    "3, true",
    "4, true",
    "5, false",
    "6, false",
    "7, true",
    "8, false",
    "9, false",
    "10, false",
    "11, false",
    "14, false",
    "15, true",
    "16, false"
  })
  void someTypesAreFreeAfterBoot(long type, boolean isRam) {
    assertThat(new EfiMemoryDesc(RANGE, type, 0xf).isRam()).isEqualTo(isRam);
  }

  @Test
  void itMustBeCacheableAndForNoSpecialPurpose() {
    assertThat(isRam(EfiMemoryDesc.WB)).isTrue();
    assertThat(isRam(0x7)).isFalse();
    assertThat(isRam(EfiMemoryDesc.WB | EfiMemoryDesc.SP)).isFalse();
    assertThat(isRam(EfiMemoryDesc.SP)).isFalse();
    assertThat(isRam(EfiMemoryDesc.WB | EfiMemoryDesc.RUNTIME)).isTrue();
  }

  private static boolean isRam(long attribute) {
    return new EfiMemoryDesc(RANGE, EfiMemoryDesc.CONVENTIONAL, attribute).isRam();
  }

  @Test
  void aTypeHas32Bits() {
    assertThat(new EfiMemoryDesc(RANGE, 0xffff_ffffL, 0).type()).isEqualTo(0xffff_ffffL);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new EfiMemoryDesc(RANGE, 0x1_0000_0000L, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new EfiMemoryDesc(RANGE, -1, 0));
  }
}
