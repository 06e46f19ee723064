package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.cli.AddressLine.Bar;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class AddressLineTest {
  @Test
  void kernelThatRunsIntoTheInitrdIsMarked() {
    AddressLine line =
        new AddressLine(
            List.of(
                new Bar(0x20000, 0x20200),
                new Bar(0x200_0000, 0x500_0000),
                new Bar(0x300_0000, 0x480_0000)));
    assertThat(line.heading()).isEqualTo("from 0x20000, a column is 0x200000");
    assertThat(line.bar(0)).isEqualTo("|=                                       |");
    assertThat(line.bar(1)).isEqualTo("|               =========================|");
    assertThat(line.bar(2)).isEqualTo("|                       =============    |");
    assertThat(line.overlaps()).contains("|                       !!!!!!!!!!!!!    |");
  }

  @Test
  void rangesThatOnlyShareAColumnDoNotOverlap() {
    AddressLine line = new AddressLine(List.of(new Bar(0, 10), new Bar(10, 1 << 30)));
    assertThat(line.overlaps()).isEmpty();
  }

  @Test
  void nothingIsDrawnOfWhatTakesNoMemory() {
    AddressLine line = new AddressLine(List.of(new Bar(5, 5)));
    assertThat(line.bar(0)).isEqualTo("| |");
    assertThat(line.overlaps()).isEmpty();
    assertThat(new AddressLine(List.of()).overlaps()).isEmpty();
  }

  @Test
  void barsAreShortWhereverTheRangesAre() {
    long top = (1L << 33) - 1;
    for (long start : LongStream.of(0, 1, 4095, 4096, 1 << 20, top - 2).toArray()) {
      AddressLine line = new AddressLine(List.of(new Bar(start, top), new Bar(top - 1, top)));
      assertThat(line.bar(0)).hasSizeLessThanOrEqualTo(42);
      assertThat(line.bar(1)).hasSameSizeAs(line.bar(0));
    }
  }

  @Test
  void rangesBeyondTheMostAreLeftOut() {
    AddressLine line =
        new AddressLine(Collections.nCopies(AddressLine.MOST_BARS + 1, new Bar(0, 4096)));
    assertThat(line.bar(AddressLine.MOST_BARS - 1)).isEqualTo("|=|");
    assertThat(line.bar(AddressLine.MOST_BARS)).isEmpty();
  }
}
