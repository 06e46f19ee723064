package io.github.kexecsim.model.kimage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.model.kimage.KimageEntry.Flag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KimageEntryTest {
  @Test
  void isEncodedAsTheKernelDoes() {
    assertThat(new KimageEntry(0x40800000L, Flag.DESTINATION).word()).isEqualTo(0x40800001L);
    assertThat(new KimageEntry(0x40800000L, Flag.INDIRECTION).word()).isEqualTo(0x40800002L);
    assertThat(new KimageEntry(0, Flag.DONE).word()).isEqualTo(4);
    assertThat(new KimageEntry(0x40800000L, Flag.SOURCE).word()).isEqualTo(0x40800008L);
  }

  @ParameterizedTest
  @EnumSource
  void isReadAsItWasWritten(Flag flag) {
    KimageEntry entry = new KimageEntry(0xf_ffff_ffff_f000L, flag);
    assertThat(KimageEntry.ofWord(entry.word())).contains(entry);
  }

  @Test
  void needsExactlyOneFlag() {
    assertThat(KimageEntry.ofWord(0)).isEmpty();
    assertThat(KimageEntry.ofWord(0x1000)).isEmpty();
    assertThat(KimageEntry.ofWord(0x1009)).isEmpty();
    assertThat(KimageEntry.ofWord(0x1010)).isEmpty();
  }

  @Test
  void isOfAWholePage() {
    assertThatIllegalArgumentException().isThrownBy(() -> new KimageEntry(0x10, Flag.SOURCE));
  }
}
