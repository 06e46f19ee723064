package io.github.kexecsim.loader.codec;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Arrays;

/**
 * As {@code zstd -22 --ultra} writes a pipe: a checksum, no content size. libzstd cuts the window
 * down to what the input can use.
 */
final class ZstdCompressor implements Compressor {
  private static final int LEVEL = 22;

  @Override
  public CompressionMethod method() {
    return CompressionMethod.ZSTD;
  }

  @Override
  public byte[] compress(ByteView input) {
    byte[] output = new byte[Math.toIntExact(Zstd.compressBound(input.size()))];
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context.setLevel(LEVEL).setChecksum(true).setContentSize(false);
      int length =
          context.compressByteArray(
              output, 0, output.length, input.array(), input.arrayOffset(), input.size());
      return Arrays.copyOf(output, length);
    }
  }
}
