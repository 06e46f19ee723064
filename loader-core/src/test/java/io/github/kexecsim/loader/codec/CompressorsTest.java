package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdInputStream;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.XZInputStream;

/** Our encoders against the libraries' stream decoders. */
final class CompressorsTest {
  private static final byte[] CONTENT = Samples.mixed(300_000);

  private interface Decoder {
    InputStream open(InputStream compressed) throws IOException;
  }

  @Test
  void librariesDecodeOurs() throws IOException {
    assertDecodes(CompressionMethod.GZIP, GZIPInputStream::new);
    assertDecodes(CompressionMethod.BZIP2, BZip2CompressorInputStream::new);
    assertDecodes(CompressionMethod.LZMA, LZMAInputStream::new);
    assertDecodes(CompressionMethod.XZ, XZInputStream::new);
    assertDecodes(CompressionMethod.ZSTD, ZstdInputStream::new);
  }

  private static void assertDecodes(CompressionMethod method, Decoder decoder) throws IOException {
    byte[] compressed = Samples.compressed(method, CONTENT);
    assertThat(compressed.length).isLessThan(CONTENT.length);
    try (InputStream stream = decoder.open(new ByteArrayInputStream(compressed))) {
      assertThat(Arrays.equals(stream.readAllBytes(), CONTENT)).as(method.label()).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void filtersXzForTheTarget(Architecture target) {
    byte[] compressed =
        Compressors.byMethod(CompressionMethod.XZ, target).compress(ByteView.of(CONTENT));
    byte[] output = new byte[CONTENT.length];
    int produced =
        Decompressors.byMethod(CompressionMethod.XZ)
            .decompress(ByteView.of(compressed), output, Progress.NONE);
    assertThat(produced).isEqualTo(CONTENT.length);
    assertThat(Arrays.equals(output, CONTENT)).isTrue();
    // The block header's first filter: https://tukaani.org/xz/xz-file-format.txt, 5.4.
    int filter = compressed[14];
    assertThat(filter)
        .isEqualTo(
            switch (target) {
              case ARM64 -> 0x0a;
              case RISCV64 -> 0x0b;
              case X86_64 -> 0x04;
              case LOONGARCH64 -> 0x21;
            });
  }

  @ParameterizedTest
  @EnumSource
  void compressAViewWithinAnArray(CompressionMethod method) {
    byte[] content = Samples.text(2000);
    byte[] fromView = Compressors.byMethod(method).compress(Samples.framed(content, 11, 13));
    assertThat(fromView).isEqualTo(Samples.compressed(method, content));
  }

  @Test
  void gzipHasNoNameAndNoTime() {
    assertThat(Arrays.copyOf(Samples.compressed(CompressionMethod.GZIP, CONTENT), 10))
        .containsExactly(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3);
  }

  @Test
  void zstdLeavesTheContentSizeOut() {
    byte[] compressed = Samples.compressed(CompressionMethod.ZSTD, CONTENT);
    // Frame header descriptor: no content size, not a single segment, a checksum, no dictionary.
    assertThat(compressed[4]).isEqualTo((byte) 0x04);
  }

  @Test
  void lzmaLeavesTheSizeOut() {
    byte[] compressed = Samples.compressed(CompressionMethod.LZMA, CONTENT);
    assertThat(Arrays.copyOfRange(compressed, 5, 13)).containsOnly(0xff);
  }
}
