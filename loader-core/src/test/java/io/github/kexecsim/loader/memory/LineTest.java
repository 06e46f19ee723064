package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LineTest {
  private static final Line LINE = new Line("file", 1, "text");

  @Test
  void blankLinesCountAndAreNotRead() {
    List<Line> read = new ArrayList<>();
    Line.forEach("file", "one\n \n\r\nfour", 4, read::add);

    assertThat(read).containsExactly(new Line("file", 1, "one"), new Line("file", 4, "four"));
    assertThat(
            catchThrowableOfType(
                    KexecException.class, () -> Line.forEach("file", "\n\n\nfour", 3, read::add))
                .reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void noLinesMayBeTheLimit() {
    Line.forEach("file", "", 0, line -> {});
    assertThat(
            catchThrowableOfType(
                    KexecException.class, () -> Line.forEach("file", "one", 0, line -> {}))
                .reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Line.forEach("file", "one", -1, line -> {}));
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
