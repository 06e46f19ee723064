package io.github.kexecsim.loader.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LimitsTest {
  @ParameterizedTest
  @EnumSource
  void isSetWithinItsBounds(Limit limit) {
    assertThat(Limits.DEFAULT.of(limit))
        .isEqualTo(limit.byDefault())
        .isBetween(limit.least(), limit.most());
    for (long value : new long[] {limit.least(), limit.most()}) {
      Limits set = Limits.DEFAULT.with(limit, value);
      assertThat(set.of(limit)).isEqualTo(value);
      assertThat(set.with(limit, limit.byDefault()))
          .isEqualTo(Limits.DEFAULT)
          .hasSameHashCodeAs(Limits.DEFAULT);
      for (Limit other : Limit.values()) {
        assertThat(other == limit || set.of(other) == other.byDefault()).isTrue();
      }
    }
    for (long value : new long[] {limit.least() - 1, limit.most() + 1, Long.MIN_VALUE}) {
      assertThatIllegalArgumentException().isThrownBy(() -> Limits.DEFAULT.with(limit, value));
    }
  }

  @ParameterizedTest
  @EnumSource
  void refusesWhatIsAbove(Limit limit) {
    Limits least = Limits.DEFAULT.with(limit, limit.least());
    assertThatCode(() -> least.check(limit, 0, "input")).doesNotThrowAnyException();
    assertThatCode(() -> least.check(limit, limit.least(), "input")).doesNotThrowAnyException();
    for (long found : new long[] {limit.least() + 1, limit.most() + 1, -1}) {
      KexecException refusal =
          catchThrowableOfType(
              KexecException.class, () -> least.check(limit, found, "input at 0x10"));
      assertThat(refusal.reason()).isEqualTo(Reason.LIMIT_EXCEEDED);
      // Only a limit that can be raised is worth naming.
      boolean settable = found == limit.least() + 1;
      assertThat(refusal.hint().contains("--" + limit.option() + ")")).isEqualTo(settable);
    }
  }

  @Test
  void optionsDiffer() {
    assertThat(Arrays.stream(Limit.values()).map(Limit::option)).doesNotHaveDuplicates();
  }
}
