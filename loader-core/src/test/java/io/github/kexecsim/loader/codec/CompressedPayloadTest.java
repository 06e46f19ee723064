package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class CompressedPayloadTest {
  private static final long LIMIT = 64 << 20;

  @ParameterizedTest
  @EnumSource
  void decompressesToTheDeclaredSize(CompressionMethod method) {
    byte[] content = Samples.text(10_000);
    assertThat(payload(method, content, OptionalLong.of(10_000)).decompress(10_000))
        .isEqualTo(content);
    assertReason(Reason.SIZE_MISMATCH, payload(method, content, OptionalLong.of(9_999)), LIMIT);
    assertReason(Reason.SIZE_MISMATCH, payload(method, content, OptionalLong.of(10_001)), LIMIT);
    assertReason(Reason.SIZE_MISMATCH, payload(method, content, OptionalLong.of(0)), LIMIT);
  }

  @ParameterizedTest
  @EnumSource
  void growsToAnUndeclaredSize(CompressionMethod method) {
    for (byte[] content :
        new byte[][] {new byte[0], {1}, new byte[3_000_000], Samples.random(100_000)}) {
      CompressedPayload payload = payload(method, content, OptionalLong.empty());
      assertThat(Arrays.equals(payload.decompress(LIMIT), content)).isTrue();
      assertThat(Arrays.equals(payload.decompress(content.length), content)).isTrue();
      if (content.length > 0) {
        assertReason(Reason.LIMIT_EXCEEDED, payload, content.length - 1);
        assertReason(Reason.LIMIT_EXCEEDED, payload, 0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void stopsBombsAtTheLimit(CompressionMethod method) {
    byte[] zeros = new byte[20 << 20];
    assertReason(Reason.LIMIT_EXCEEDED, payload(method, zeros, OptionalLong.empty()), 1 << 20);
    assertReason(
        Reason.LIMIT_EXCEEDED, payload(method, zeros, OptionalLong.of(zeros.length)), 1 << 20);
    assertReason(Reason.SIZE_MISMATCH, payload(method, zeros, OptionalLong.of(1 << 20)), 1 << 20);
  }

  @ParameterizedTest
  @EnumSource
  void refusesAnImpossibleDeclarationBeforeItAllocates(CompressionMethod method) {
    CompressedPayload payload = payload(method, new byte[10], OptionalLong.of(Long.MAX_VALUE));
    assertReason(Reason.LIMIT_EXCEEDED, payload, Long.MAX_VALUE);
    assertReason(Reason.LIMIT_EXCEEDED, payload, LIMIT);
  }

  @ParameterizedTest
  @EnumSource
  void passesFaultsOn(CompressionMethod method) {
    byte[] compressed = Samples.compressed(method, Samples.text(10_000));
    ByteView cut = ByteView.of(compressed, 0, compressed.length / 2);
    assertReason(
        Reason.TRUNCATED, new CompressedPayload(method, cut, OptionalLong.of(10_000)), LIMIT);
    assertReason(Reason.TRUNCATED, new CompressedPayload(method, cut, OptionalLong.empty()), LIMIT);
  }

  @Test
  void doesNotBelieveGzipsTrailer() {
    byte[] content = Samples.text(10_000);
    byte[] compressed = Samples.compressed(CompressionMethod.GZIP, content);
    byte[] padded = Arrays.copyOf(compressed, compressed.length + 4);
    for (byte claim : new byte[] {0, 1, -1}) {
      Arrays.fill(padded, compressed.length, padded.length, claim);
      CompressedPayload payload =
          new CompressedPayload(CompressionMethod.GZIP, ByteView.of(padded), OptionalLong.empty());
      assertThat(payload.decompress(LIMIT)).isEqualTo(content);
    }
  }

  @Test
  void refusesACallersMistakes() {
    ByteView bytes = ByteView.of(new byte[0]);
    assertThatThrownBy(
            () -> new CompressedPayload(CompressionMethod.XZ, bytes, OptionalLong.of(-1)))
        .isInstanceOf(IllegalArgumentException.class);
    CompressedPayload payload =
        new CompressedPayload(CompressionMethod.XZ, bytes, OptionalLong.empty());
    assertThatThrownBy(() -> payload.decompress(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  private static CompressedPayload payload(
      CompressionMethod method, byte[] content, OptionalLong declared) {
    return new CompressedPayload(
        method, ByteView.of(Samples.compressed(method, content)), declared);
  }

  private static void assertReason(Reason reason, CompressedPayload payload, long limit) {
    assertThatThrownBy(() -> payload.decompress(limit))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
