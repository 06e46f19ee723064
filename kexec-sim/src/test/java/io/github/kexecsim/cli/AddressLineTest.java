package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.cli.AddressLine.Bar;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class AddressLineTest {
  private static List<String> draw(Bar... bars) {
    TextPage page = new TextPage();
    AddressLine.draw(page, List.of(bars));
    return page.toString().lines().toList();
  }

  @Test
  void kernelThatRunsIntoTheInitrdIsMarked() {
    assertThat(
            draw(
                new Bar(".osrel", 0x20000, 0x20200),
                new Bar(".linux", 0x200_0000, 0x500_0000),
                new Bar(".initrd", 0x300_0000, 0x480_0000)))
        .containsExactly(
            "  from 0x20000, a column is 0x200000 bytes",
            "  .osrel  |=                                       |",
            "  .linux  |               =========================|",
            "  .initrd |                       =============    |",
            "  overlap |                       !!!!!!!!!!!!!    |");
  }

  @Test
  void rangesThatOnlyShareAColumnDoNotOverlap() {
    assertThat(draw(new Bar("one", 0, 10), new Bar("two", 10, 1 << 30)))
        .hasSize(3)
        .noneMatch(line -> line.contains("!"));
  }

  @Test
  void aSingleRangeIsNotDrawn() {
    assertThat(draw(new Bar("one", 0, 10), new Bar("none", 5, 5))).isEmpty();
  }

  @Test
  void rowsFitTheWidthWhereverTheRangesAre() {
    long top = (1L << 33) - 1;
    for (long start : LongStream.of(0, 1, 4095, 4096, 1 << 20, top - 2).toArray()) {
      assertThat(draw(new Bar("12345678", start, top), new Bar("x", top - 1, top)))
          .allMatch(line -> line.length() <= TextPage.WIDTH);
    }
  }
}
