package io.github.kexecsim.loader.digest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressedPayload;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.error.KexecException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DigestsTest {
  private static final int SIZE = (3 << 20) + 17;

  private static byte[] content(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    Arrays.fill(bytes, size / 3, size / 2, (byte) 7);
    return bytes;
  }

  private static String expected(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @AfterEach
  void noThreadIsLeft() {
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(Thread::isAlive)
        .extracting(Thread::getName)
        .doesNotContain("sha256");
  }

  @ParameterizedTest
  @EnumSource(CompressionMethod.class)
  void hashesBehindEveryDecompressor(CompressionMethod method) throws Exception {
    byte[] content = content(SIZE);
    ByteView payload = ByteView.of(Compressors.byMethod(method).compress(ByteView.of(content)));
    for (boolean beside : new boolean[] {true, false}) {
      for (OptionalLong declared :
          new OptionalLong[] {OptionalLong.of(SIZE), OptionalLong.empty()}) {
        try (Digests digests = new Digests(beside)) {
          digests.begin(payload);
          byte[] output =
              new CompressedPayload(method, payload, declared).decompress(1 << 30, digests);
          assertThat(digests.sha256(ByteView.of(output))).isEqualTo(expected(content));
          assertThat(digests.sha256(payload)).isEqualTo(expected(payload.toByteArray()));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, (256 << 10) - 1, 256 << 10, 2 << 20})
  void hashesWhatIsThereAlready(int size) throws Exception {
    byte[] content = content(size);
    try (Digests digests = new Digests(true)) {
      ByteView bytes = ByteView.of(content);
      digests.begin(bytes);
      assertThat(digests.sha256(bytes)).isEqualTo(expected(content));
      assertThat(digests.sha256(bytes)).isEqualTo(expected(content));
    }
  }

  @Test
  void tellsPartsOfAnArrayApart() throws Exception {
    byte[] content = content(SIZE);
    try (Digests digests = new Digests(true)) {
      digests.begin(ByteView.of(content));
      ByteView part = ByteView.of(content, 5, SIZE - 9);
      assertThat(digests.sha256(part)).isEqualTo(expected(part.toByteArray()));
      assertThat(digests.sha256(ByteView.of(content))).isEqualTo(expected(content));
    }
  }

  @Test
  void followsTheLastDestinationOnly() throws Exception {
    byte[] content = content(SIZE);
    try (Digests digests = new Digests(true)) {
      digests.into(new byte[SIZE]);
      digests.at(0, SIZE / 2);
      digests.into(content);
      for (int end = 0; end < SIZE; end += 100_000) {
        digests.at(0, end);
      }
      digests.at(0, SIZE);
      assertThat(digests.sha256(ByteView.of(content))).isEqualTo(expected(content));
    }
  }

  @Test
  void hashesAnewWhatWasNeverFinished() throws Exception {
    byte[] content = content(SIZE);
    try (Digests digests = new Digests(true)) {
      digests.into(content);
      digests.at(0, SIZE - 1);
      assertThat(digests.sha256(ByteView.of(content))).isEqualTo(expected(content));
    }
  }

  @Test
  void endsWhenDecompressionFails() {
    ByteView payload =
        ByteView.of(
            Compressors.byMethod(CompressionMethod.GZIP).compress(ByteView.of(content(SIZE))));
    CompressedPayload cut =
        new CompressedPayload(
            CompressionMethod.GZIP, payload.slice(0, payload.size() / 2), OptionalLong.of(SIZE));
    try (Digests digests = new Digests(true)) {
      assertThatThrownBy(() -> cut.decompress(1 << 30, digests)).isInstanceOf(KexecException.class);
    }
  }

  @Test
  void keepsTheCallersInterrupt() throws Exception {
    byte[] content = content(SIZE);
    try (Digests digests = new Digests(true)) {
      digests.begin(ByteView.of(content));
      Thread.currentThread().interrupt();
      String digest = digests.sha256(ByteView.of(content));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(digest).isEqualTo(expected(content));
    }
  }
}
