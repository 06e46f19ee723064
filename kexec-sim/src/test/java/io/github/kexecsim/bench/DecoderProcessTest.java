package io.github.kexecsim.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DecoderProcessTest {
  private static final Duration SHORT = Duration.ofMillis(1);

  private final ByteView content = ByteView.of("content".getBytes(StandardCharsets.US_ASCII));
  private final ByteView payload =
      ByteView.of(Compressors.byMethod(CompressionMethod.GZIP).compress(content));

  @Test
  void itAnswers() throws Exception {
    Timings timings = DecoderProcess.time(CompressionMethod.GZIP, payload, content, SHORT);
    assertThat(timings.nanos()).hasSizeGreaterThanOrEqualTo(4);
  }

  @Test
  void anOutputThatDiffersIsAFailure() {
    ByteView other = ByteView.of("another".getBytes(StandardCharsets.US_ASCII));
    assertThatIOException()
        .isThrownBy(() -> DecoderProcess.time(CompressionMethod.GZIP, payload, other, SHORT));
  }

  @Test
  void aPayloadThatDoesNotDecodeIsAFailure() {
    assertThatIOException()
        .isThrownBy(() -> DecoderProcess.time(CompressionMethod.XZ, payload, content, SHORT));
  }
}
