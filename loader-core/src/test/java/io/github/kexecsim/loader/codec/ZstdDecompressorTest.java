package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdCompressCtx;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import java.util.HexFormat;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class ZstdDecompressorTest extends DecompressorContractTest {
  ZstdDecompressorTest() {
    super(CompressionMethod.ZSTD);
  }

  @Override
  boolean reportsEveryStep() {
    return false;
  }

  @Test
  void readsTheContentSizeWhereThereIsOne() {
    byte[] content = Samples.text(5000);
    byte[] compressed = frame(content, 20, true);
    assertThat(Decompressors.byMethod(CompressionMethod.ZSTD).claimedSize(ByteView.of(compressed)))
        .isEqualTo(OptionalLong.of(5000));
    assertThat(decode(compressed, 5000)).isEqualTo(content);
    assertFault(Reason.SIZE_MISMATCH, () -> decode(compressed, 4999));
  }

  @Test
  void takesTheKernelsWindow() {
    byte[] content = Samples.text(5000);
    byte[] compressed = frame(content, 20, false);
    // The window descriptor: 2^(10 + 17) bytes.
    compressed[5] = (byte) (17 << 3);
    assertThat(decode(compressed, 5000)).isEqualTo(content);
  }

  @Test
  void decodesTheFirstOfTwoFrames() {
    byte[] content = Samples.text(100);
    byte[] one = frame(content, 20, false);
    byte[] two = new byte[2 * one.length];
    System.arraycopy(one, 0, two, 0, one.length);
    System.arraycopy(one, 0, two, one.length, one.length);
    assertThat(decode(two, 1000)).isEqualTo(content);
  }

  @Test
  void refusesSkippableFrames() {
    byte[] skippable = HexFormat.of().parseHex("502a4d180400000000000000");
    assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(skippable, 10));
  }

  private static byte[] frame(byte[] content, int windowLog, boolean contentSize) {
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context.setLevel(3).setWindowLog(windowLog).setContentSize(contentSize);
      return context.compress(content);
    }
  }
}
