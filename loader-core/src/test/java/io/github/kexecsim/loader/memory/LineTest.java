package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LineTest {
  private static final Line LINE = new Line("file", 1, "text");

  private static Limits lines(int count) {
    return Limits.DEFAULT.with(Limit.RANGES, count);
  }

  @Test
  void blankLinesCountAndAreNotRead() {
    List<Line> read = new ArrayList<>();
    Line.forEach("file", "one\n \n\r\nfour", lines(4), read::add);

    assertThat(read).containsExactly(new Line("file", 1, "one"), new Line("file", 4, "four"));
    assertThat(
            catchThrowableOfType(
                    KexecException.class,
                    () -> Line.forEach("file", "\n\n\nfour", lines(3), read::add))
                .reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void noLinesMayBeTheLimit() {
    Line.forEach("file", "", lines(0), line -> {});
    assertThat(
            catchThrowableOfType(
                    KexecException.class, () -> Line.forEach("file", "one", lines(0), line -> {}))
                .reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  /** Both addresses are in it, so one byte is the least. */
  @Test
  void rangesHaveAByteAtLeast() {
    assertThat(LINE.range("cf8", "cf8")).contains(new PhysRange(0xcf8, 0xcf9));
    assertThat(catchThrowableOfType(KexecException.class, () -> LINE.range("cf8", "cf7")).reason())
        .isEqualTo(Reason.BAD_MEMORY_MAP);
  }

  @Test
  void rangesEndBelowTheLimit() {
    assertThat(LINE.range("0", "fffffffffffff")).contains(new PhysRange(0, 1L << 52));
    assertThat(LINE.range("0", "10000000000000")).isEqualTo(Optional.empty());
    assertThat(LINE.range("ffffffffffffffff", "ffffffffffffffff")).isEmpty();
  }
}
