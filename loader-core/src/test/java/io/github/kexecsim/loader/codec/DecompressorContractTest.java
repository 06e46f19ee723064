package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What {@link Decompressor} promises, asked of every codec. */
abstract class DecompressorContractTest {
  private static final Set<Reason> FAULTS =
      EnumSet.of(Reason.TRUNCATED, Reason.CORRUPT_PAYLOAD, Reason.SIZE_MISMATCH);

  private final CompressionMethod method;
  private final Decompressor decompressor;

  DecompressorContractTest(CompressionMethod method) {
    this(Decompressors.byMethod(method));
  }

  DecompressorContractTest(Decompressor decompressor) {
    this.method = decompressor.method();
    this.decompressor = decompressor;
  }

  /** Whether damage anywhere in the stream is noticed or harmless. */
  boolean hasChecksum() {
    return true;
  }

  /** Lengths below the whole at which a cut stream looks like a whole one. */
  Set<Integer> unnoticedCuts() {
    return Set.of();
  }

  /** Whether the decoder reports within a stream, rather than at its end. */
  boolean reportsEveryStep() {
    return true;
  }

  @Test
  void saysWhatItDecodes() {
    assertThat(decompressor.method()).isEqualTo(method);
  }

  @TestFactory
  Stream<DynamicTest> decodesEveryShape() {
    return Samples.shapes().entrySet().stream()
        .map(shape -> DynamicTest.dynamicTest(shape.getKey(), () -> roundTrip(shape.getValue())));
  }

  @Test
  void decodesMoreThanOneChunk() {
    byte[] content = Arrays.copyOf(Samples.text(1 << 20), (17 << 20) + 5);
    System.arraycopy(Samples.mixed(1 << 20), 0, content, 8 << 20, 1 << 20);
    roundTrip(content);
  }

  private void roundTrip(byte[] content) {
    byte[] compressed = Samples.compressed(method, content);
    assertThat(CompressionMethod.detect(ByteView.of(compressed))).isEqualTo(Optional.of(method));

    byte[] exact = new byte[content.length];
    assertThat(decompressor.decompress(Samples.framed(compressed, 7, 9), exact, Progress.NONE))
        .isEqualTo(content.length);
    assertThat(Arrays.equals(exact, content)).isTrue();

    byte[] larger = new byte[content.length + 1000];
    assertThat(decompressor.decompress(ByteView.of(compressed), larger, Progress.NONE))
        .isEqualTo(content.length);
    assertThat(Arrays.equals(larger, 0, content.length, content, 0, content.length)).isTrue();

    if (content.length > 0) {
      byte[] smaller = new byte[content.length - 1];
      assertFault(
          Reason.SIZE_MISMATCH,
          () -> decompressor.decompress(ByteView.of(compressed), smaller, Progress.NONE));
      assertFault(
          Reason.SIZE_MISMATCH,
          () -> decompressor.decompress(ByteView.of(compressed), new byte[0], Progress.NONE));
    }
  }

  @Test
  void noticesEveryCut() {
    byte[] content = Samples.text(3000);
    byte[] compressed = Samples.compressed(method, content);
    for (int length = 0; length < compressed.length; length++) {
      // A view on a longer array: nothing may be read behind the view.
      ByteView cut = ByteView.of(compressed, 0, length);
      if (unnoticedCuts().contains(length)) {
        assertThat(decompressor.decompress(cut, new byte[content.length], Progress.NONE))
            .isLessThan(content.length);
      } else {
        assertThatThrownBy(
                () -> decompressor.decompress(cut, new byte[content.length], Progress.NONE))
            .as("cut to %d of %d bytes", length, compressed.length)
            .isInstanceOfSatisfying(
                KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TRUNCATED));
      }
    }
  }

  @Test
  void survivesEveryFlippedBit() {
    byte[] content = Samples.text(1500);
    byte[] compressed = Samples.compressed(method, content);
    for (int bit = 0; bit < 8 * compressed.length; bit++) {
      byte[] damaged = compressed.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      decodesOrFails(damaged, content);
    }
  }

  @Test
  void survivesRandomDamage() {
    byte[] content = Samples.mixed(20_000);
    byte[] compressed = Samples.compressed(method, content);
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 2000; i++) {
      byte[] damaged = compressed.clone();
      int from = random.nextInt(damaged.length);
      for (int j = from; j < Math.min(from + 1 + random.nextInt(6), damaged.length); j++) {
        damaged[j] = (byte) (random.nextInt(4) == 0 ? random.nextInt(2) * -1 : random.nextInt());
      }
      decodesOrFails(damaged, content);
    }
  }

  private void decodesOrFails(byte[] damaged, byte[] content) {
    byte[] output = new byte[content.length];
    int produced;
    try {
      produced = decompressor.decompress(ByteView.of(damaged), output, Progress.NONE);
    } catch (KexecException e) {
      assertThat(e.reason()).isIn(FAULTS);
      return;
    }
    if (hasChecksum()) {
      assertThat(produced).isEqualTo(content.length);
      assertThat(Arrays.equals(output, content)).isTrue();
    }
  }

  @Test
  void endsWhereTheStreamEnds() {
    byte[] content = Samples.text(5000);
    byte[] compressed = Samples.compressed(method, content);
    for (byte filler : new byte[] {0, -1, 0x55}) {
      byte[] padded = Arrays.copyOf(compressed, compressed.length + 300);
      Arrays.fill(padded, compressed.length, padded.length, filler);
      int[] last = new int[2];
      byte[] output = new byte[content.length];
      int produced =
          decompressor.decompress(
              ByteView.of(padded),
              output,
              (consumed, out) -> {
                last[0] = consumed;
                last[1] = out;
              });
      assertThat(produced).isEqualTo(content.length);
      assertThat(output).isEqualTo(content);
      assertThat(last).containsExactly(compressed.length, content.length);
    }
  }

  @Test
  void reportsProgress() {
    byte[] content = Samples.mixed(2_000_000);
    byte[] compressed = Samples.compressed(method, content);
    List<int[]> reports = new ArrayList<>();
    byte[] output = new byte[content.length];
    decompressor.decompress(
        ByteView.of(compressed),
        output,
        (consumed, produced) -> {
          assertThat(Arrays.equals(output, 0, produced, content, 0, produced)).isTrue();
          reports.add(new int[] {consumed, produced});
        });
    int[] before = {0, 0};
    for (int[] report : reports) {
      assertThat(report[0]).isBetween(before[0], compressed.length);
      assertThat(report[1]).isBetween(before[1], content.length);
      if (reportsEveryStep()) {
        assertThat(report[1] - before[1]).isLessThanOrEqualTo(Progress.STEP);
      }
      before = report;
    }
    assertThat(before).containsExactly(compressed.length, content.length);
  }

  @Test
  void letsProgressStopIt() {
    byte[] compressed = Samples.compressed(method, Samples.text(5000));
    RuntimeException stop = new IllegalStateException("stop");
    assertThatThrownBy(
            () ->
                decompressor.decompress(
                    ByteView.of(compressed),
                    new byte[5000],
                    (consumed, produced) -> {
                      throw stop;
                    }))
        .isSameAs(stop);
  }

  @Test
  void refusesEveryOtherMethod() {
    for (CompressionMethod other : CompressionMethod.values()) {
      if (other != method) {
        byte[] compressed = Samples.compressed(other, Samples.text(2000));
        assertThatThrownBy(
                () ->
                    new CompressedPayload(method, ByteView.of(compressed), OptionalLong.of(2000))
                        .decompress(2000))
            .isInstanceOfSatisfying(
                KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CORRUPT_PAYLOAD))
            .hasMessageContainingAll(other.label(), method.label());
      }
    }
  }

  @Test
  void doesNotTrustItsClaim() {
    byte[] content = Samples.text(5000);
    byte[] compressed = Samples.compressed(method, content);
    decompressor
        .claimedSize(ByteView.of(compressed))
        .ifPresent(claim -> assertThat(claim).isEqualTo(content.length));
    for (int length = 0; length < 64; length++) {
      assertThat(decompressor.claimedSize(ByteView.of(compressed, 0, length)).orElse(0))
          .isNotNegative();
    }
  }

  @Test
  void servesSeveralThreads() throws Exception {
    byte[] content = Samples.mixed(500_000);
    byte[] compressed = Samples.compressed(method, content);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<byte[]>> outputs = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        outputs.add(
            threads.submit(
                () -> {
                  byte[] output = new byte[content.length];
                  decompressor.decompress(ByteView.of(compressed), output, Progress.NONE);
                  return output;
                }));
      }
      for (Future<byte[]> output : outputs) {
        assertThat(Arrays.equals(output.get(), content)).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  static void assertFault(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  /** Decodes {@code payload} to at most {@code capacity} bytes. */
  byte[] decode(byte[] payload, int capacity) {
    byte[] output = new byte[capacity];
    int produced = decompressor.decompress(ByteView.of(payload), output, Progress.NONE);
    return Arrays.copyOf(output, produced);
  }
}
