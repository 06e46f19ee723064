package io.github.kexecsim.loader.kaslr;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each kernel takes for nokaslr. */
class KaslrCommandLineTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nokaslr                       | true  | true  | true",
        "quiet nokaslr                 | true  | true  | true",
        "quiet nokaslr ro              | true  | true  | true",
        "quiet                         | false | false | false",
        "kaslr                         | false | false | false",
        "nokaslrx                      | true  | true  | false",
        "nokaslr=0                     | true  | true  | false",
        "nokaslr=1                     | true  | true  | false",
        "xnokaslr                      | false | true  | false",
        "xnokaslr nokaslr              | false | true  | true",
        "a=nokaslr                     | false | true  | false",
        "quiet -- nokaslr              | true  | true  | false",
        "quiet --nokaslr               | false | true  | false",
        "'\"nokaslr\"'                 | false | true  | false",
        "NOKASLR                       | false | false | false",
        "no-kaslr                      | false | false | false",
        "arm64_sw.nokaslr=1            | false | true  | true",
        "arm64-sw.nokaslr=0xF          | false | true  | true",
        "arm64_sw.nokaslr=0            | false | true  | false",
        "arm64_sw.nokaslr=1f           | false | true  | false",
        "arm64_sw.nokaslr=             | false | true  | false",
        "nokaslr arm64_sw.nokaslr=0    | true  | true  | false",
      })
  void formsAreReadAsEachKernelDoes(
      String commandLine, boolean first, boolean anywhere, boolean word) {
    assertThat(KaslrCommandLine.FIRST_OCCURRENCE.disables(commandLine)).isEqualTo(first);
    assertThat(KaslrCommandLine.ANYWHERE.disables(commandLine)).isEqualTo(anywhere);
    assertThat(KaslrCommandLine.WORD.disables(commandLine)).isEqualTo(word);
  }

  @Test
  void onlySpacesSeparateForTheFirstOccurrence() {
    assertThat(KaslrCommandLine.FIRST_OCCURRENCE.disables("quiet\tnokaslr")).isFalse();
    assertThat(KaslrCommandLine.WORD.disables("quiet\tnokaslr\n")).isTrue();
  }

  @Test
  void riscvSeesTheFirst1023Bytes() {
    String filler = "x".repeat(1016);

    assertThat(KaslrCommandLine.ANYWHERE.disables(filler + "nokaslr")).isTrue();
    assertThat(KaslrCommandLine.ANYWHERE.disables(filler + "xnokaslr")).isFalse();
    assertThat(KaslrCommandLine.ANYWHERE.disables("\u00e4".repeat(508) + "nokaslr")).isTrue();
    assertThat(KaslrCommandLine.ANYWHERE.disables("\u00e4".repeat(509) + "nokaslr")).isFalse();
  }

  /** A word that is too long is taken apart, and its rest read as a word. */
  @Test
  void arm64TakesLongWordsApart() {
    assertThat(KaslrCommandLine.WORD.disables("x".repeat(255) + "nokaslr")).isTrue();
    assertThat(KaslrCommandLine.WORD.disables("x".repeat(256) + "nokaslr")).isFalse();
  }
}
