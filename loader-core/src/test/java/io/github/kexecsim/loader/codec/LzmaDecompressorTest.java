package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.error.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;

final class LzmaDecompressorTest extends DecompressorContractTest {
  LzmaDecompressorTest() {
    super(CompressionMethod.LZMA);
  }

  @Override
  boolean hasChecksum() {
    return false;
  }

  @Test
  void decodesAStreamOfKnownSizeAndOtherProperties() throws IOException {
    byte[] content = Samples.text(50_000);
    LZMA2Options options = new LZMA2Options(6);
    options.setLcLp(1, 3);
    options.setPb(0);
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try (LZMAOutputStream encoder = new LZMAOutputStream(output, options, content.length)) {
      encoder.write(content);
    }
    assertThat(decode(output.toByteArray(), content.length)).isEqualTo(content);
    assertFault(Reason.SIZE_MISMATCH, () -> decode(output.toByteArray(), content.length - 1));
  }

  @Test
  void allocatesNoDictionaryThatTheOutputCannotUse() {
    byte[] compressed = Samples.compressed(CompressionMethod.LZMA, Samples.text(100));
    compressed[1] = compressed[2] = compressed[3] = compressed[4] = -1;
    assertThat(decode(compressed, 200)).isEqualTo(Samples.text(100));
  }
}
