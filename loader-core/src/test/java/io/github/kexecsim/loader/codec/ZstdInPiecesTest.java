package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdCompressCtx;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** zstd as it is decoded into large destinations. */
final class ZstdInPiecesTest extends DecompressorContractTest {
  ZstdInPiecesTest() {
    super(new ZstdDecompressor(-1));
  }

  @Test
  void takesTheLargestWindow() {
    byte[] content = Samples.text(5000);
    byte[] compressed;
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      compressed = context.setLevel(3).setWindowLog(20).setContentSize(false).compress(content);
    }
    // The window descriptor: 2^(10 + 21) bytes.
    compressed[5] = (byte) (21 << 3);
    assertThat(decode(compressed, 5000)).isEqualTo(content);
    assertThat(Arrays.copyOf(decode(compressed, 9000), 5000)).isEqualTo(content);
  }
}
