package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ByteCountTest {
  private static final Option SIZE = Option.of("SIZE", "A size.", "--size");

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1 KiB",
    "1048524, 1023.9 KiB",
    "1048575, 1 MiB",
    "5963776, 5.7 MiB",
    "4503599627370496, 4 PiB",
    "9223372036854775807, 8 EiB"
  })
  void human(long bytes, String expected) {
    assertThat(ByteCount.human(bytes)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "17, 17", "0x1F, 31", "2K, 2048", "3M, 3145728", "1G, 1073741824"})
  void parse(String text, long expected) {
    assertThat(ByteCount.parse(SIZE, text, 0, Long.MAX_VALUE)).isEqualTo(expected);
  }
}
