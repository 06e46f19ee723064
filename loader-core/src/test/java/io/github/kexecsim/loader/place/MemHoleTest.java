package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bounds of a search, to the byte: buf_min and buf_max both belong to it. */
class MemHoleTest {
  private static final RangeIndex MEMORY =
      new RangeIndex(List.of(new PhysRange(0x1000, 0x5000), new PhysRange(0x8000, 0xa000)));

  @ParameterizedTest
  @CsvSource({
    "0x1000, 0x1fff, 0x1000, 0x1000",
    "0x1000, 0x1ffe, 0x1000, -1",
    "0x4000, 0x7fff, 0x1000, 0x4000",
    "0x4001, 0x7fff, 0x1000, -1",
    "0x5000, 0x8fff, 0x1000, 0x8000",
    "0x5000, 0x8ffe, 0x1000, -1",
    "0x8000, 0x9fff, 0x2000, 0x8000",
    "0x8001, 0x9fff, 0x2000, -1",
    "0x0000, 0xffff, 0x5000, -1",
    "0xa000, 0xffff, 0x1000, -1",
    "0x0000, 0x0fff, 0x1000, -1"
  })
  void aBufferThatOnlyJustFitsIsPlacedEitherWay(String min, String max, String memsz, String mem) {
    for (boolean topDown : new boolean[] {false, true}) {
      KexecBuf buf = buf(Long.decode(min), Long.decode(max), Long.decode(memsz), topDown);

      assertThat(new MemHole(MEMORY, false, false).locate(buf, List.of()))
          .as("top-down %s", topDown)
          .isEqualTo(Long.decode(mem));
    }
  }

  /** Linux before 6.8: one byte of a top-down search's range is never used. */
  @ParameterizedTest
  @CsvSource({"0x4000, 0x4000, -1", "0x4000, 0x3000, 0x1000", "0x8fff, 0x1000, 0x3000"})
  void olderTopDownSearchesMissTheLastByte(String max, String memsz, String mem) {
    KexecBuf buf = buf(0, Long.decode(max), Long.decode(memsz), true);

    assertThat(new MemHole(MEMORY, true, true).locate(buf, List.of())).isEqualTo(Long.decode(mem));
  }

  /** A segment that a candidate touches, but does not meet, is no obstacle. */
  @ParameterizedTest
  @CsvSource({"false, 0x1000", "true, 0x4000"})
  void neighboursAreNotMet(boolean topDown, String mem) {
    KexecSegment between =
        new KexecSegment(
            SegmentRole.KERNEL, new PhysRange(0x2000, 0x4000), 0x2000, Optional.empty());
    KexecBuf buf = buf(0, 0x7fff, 0x1000, topDown);

    assertThat(new MemHole(MEMORY, false, false).locate(buf, List.of(between)))
        .isEqualTo(Long.decode(mem));
  }

  private static KexecBuf buf(long min, long max, long memsz, boolean topDown) {
    return new KexecBuf(
        SegmentRole.INITRD, memsz, memsz, 0x1000, min, max, topDown, Optional.empty());
  }
}
