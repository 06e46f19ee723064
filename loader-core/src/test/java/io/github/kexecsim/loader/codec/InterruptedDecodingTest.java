package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whoever interrupts a decoding thread has it back soon, with nothing left running. */
final class InterruptedDecodingTest {
  private Set<Thread> before;

  @BeforeEach
  void lookAtTheThreads() {
    before = Thread.getAllStackTraces().keySet();
  }

  @AfterEach
  void clearTheInterrupt() {
    Thread.interrupted();
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsReportedOnAnInterruptedThread(CompressionMethod method) {
    CompressedPayload payload = payload(method, Samples.mixed(3_000_000));
    List<Integer> reports = new ArrayList<>();
    Thread.currentThread().interrupt();
    assertInterrupted(payload, (consumed, produced) -> reports.add(produced));
    assertThat(reports).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void anInterruptInTheMidstLeavesTheRestUndone(CompressionMethod method) {
    int size = severalPieces(method);
    CompressedPayload payload = payload(method, Arrays.copyOf(Samples.mixed(1 << 20), size));
    List<Integer> reports = new ArrayList<>();
    assertInterrupted(
        payload,
        (consumed, produced) -> {
          reports.add(produced);
          Thread.currentThread().interrupt();
        });
    assertThat(reports).hasSize(1);
    assertThat(reports.get(0)).isLessThan(size / 2);
  }

  /** More than the method's decoder brings out between two reports. */
  private static int severalPieces(CompressionMethod method) {
    return switch (method) {
      case ZSTD -> (64 << 20) + 1;
      case LZ4 -> 17 << 20;
      default -> 4 << 20;
    };
  }

  private void assertInterrupted(CompressedPayload payload, Progress progress) {
    assertThatThrownBy(() -> payload.decompress(Integer.MAX_VALUE, progress))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INTERRUPTED));
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
    assertThat(newThreads()).isEmpty();
  }

  private Set<Thread> newThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread) && thread.isAlive())
        .filter(thread -> thread.getName().startsWith("kexec-sim"))
        .collect(Collectors.toSet());
  }

  private static CompressedPayload payload(CompressionMethod method, byte[] content) {
    return new CompressedPayload(
        method, ByteView.of(Samples.compressed(method, content)), OptionalLong.of(content.length));
  }
}
