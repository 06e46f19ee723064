package io.github.kexecsim.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.codec.CompressionMethod;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** With a clock that the calls themselves move. */
class TimingsTest {
  private final AtomicLong clock = new AtomicLong(-5);

  @Test
  void callsGoOnUntilTheBudgetIsUsedUp() {
    List<Long> nanos = DecoderMain.time(() -> clock.addAndGet(10), 95, clock::get);
    assertThat(nanos).hasSize(10).containsOnly(10L);
  }

  @Test
  void aFewCallsAreMadeInAnyCase() {
    assertThat(DecoderMain.time(() -> clock.addAndGet(1000), 0, clock::get)).hasSize(4);
  }

  @Test
  void aClockThatStandsStillEndsItToo() {
    assertThat(DecoderMain.time(() -> {}, 1, clock::get)).hasSizeLessThan(1_000_000);
  }

  @Test
  void theFastestIsWarm() {
    Timings timings = new Timings(List.of(900L, 50L, 40L, 9L, 30L, 10L));
    assertThat(timings.firstNanos()).isEqualTo(900);
    assertThat(timings.warmNanos()).isEqualTo(9);
    assertThat(new Timings(List.of(0L, 0L)).warmNanos()).isPositive();
    assertThatIllegalArgumentException().isThrownBy(() -> new Timings(List.of(1L)));
  }

  @Test
  void whatFollowsFromThem() {
    Timings timings = new Timings(List.of(5_000_000L, 2_000_000L));
    Measurement measurement = new Measurement(CompressionMethod.LZ4, 250, 1000, timings);
    assertThat(measurement.ratio()).isEqualTo(4);
    assertThat(measurement.megabytesPerSecond()).isEqualTo(0.5);
    assertThat(measurement.firstCallMillis()).isEqualTo(5);
    assertThat(measurement.compressedSizeOf(8000)).isEqualTo(2000);
    assertThat(measurement.millisFor(8000)).isEqualTo(16);
  }
}
