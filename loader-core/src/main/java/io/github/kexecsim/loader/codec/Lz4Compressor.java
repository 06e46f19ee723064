package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Compressor;

/** As {@code lz4 -l -9} writes it: chunks of 8 MiB in the legacy frame. */
final class Lz4Compressor implements Compressor {
  private static final int LEVEL = 9;

  @Override
  public CompressionMethod method() {
    return CompressionMethod.LZ4;
  }

  @Override
  public byte[] compress(ByteView input) {
    LZ4Compressor blocks = Lz4Library.factory().highCompressor(LEVEL);
    byte[] block =
        new byte[blocks.maxCompressedLength(Math.min(input.size(), Lz4Decompressor.CHUNK))];
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    output.writeBytes(u32le(Lz4Decompressor.MAGIC));
    for (int at = 0; at < input.size(); at += Lz4Decompressor.CHUNK) {
      int size = Math.min(Lz4Decompressor.CHUNK, input.size() - at);
      int length = blocks.compress(input.array(), input.arrayOffset() + at, size, block, 0);
      output.writeBytes(u32le(length));
      output.write(block, 0, length);
    }
    return output.toByteArray();
  }

  private static byte[] u32le(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }
}
