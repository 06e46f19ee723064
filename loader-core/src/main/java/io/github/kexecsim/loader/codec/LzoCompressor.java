package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.Adler32;

/**
 * An lzop file as {@code lzop -9} writes a pipe, with blocks of 256 KiB. Each has one checksum, of
 * its output: the kernel's decompressor counts on there being just one.
 */
final class LzoCompressor implements Compressor {
  private static final String MAGIC = "894c5a4f000d0a1a0a";

  /**
   * Version 1.04, library 2.10, needs 0.94; LZO1X-999, level 9; flags for Unix, a pipe and Adler-32
   * of the output; no mode, no time, no name.
   */
  private static final String HEADER =
      "1040" + "20a0" + "0940" + "03" + "09" + "0300000d" + "00".repeat(13);

  @Override
  public CompressionMethod method() {
    return CompressionMethod.LZO;
  }

  @Override
  public byte[] compress(ByteView input) {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    byte[] header = HexFormat.of().parseHex(HEADER);
    output.writeBytes(HexFormat.of().parseHex(MAGIC));
    output.writeBytes(header);
    output.writeBytes(u32be(adler32(header, 0, header.length)));
    Lzo1xEncoder encoder = new Lzo1xEncoder();
    for (int at = 0; at < input.size(); at += LzoDecompressor.BLOCK) {
      int size = Math.min(LzoDecompressor.BLOCK, input.size() - at);
      int from = input.arrayOffset() + at;
      byte[] block = encoder.encode(input.array(), from, size);
      boolean stored = block.length >= size;
      output.writeBytes(u32be(size));
      output.writeBytes(u32be(stored ? size : block.length));
      output.writeBytes(u32be(adler32(input.array(), from, size)));
      output.write(stored ? input.array() : block, stored ? from : 0, stored ? size : block.length);
    }
    output.writeBytes(u32be(0));
    return output.toByteArray();
  }

  private static int adler32(byte[] bytes, int from, int length) {
    Adler32 sum = new Adler32();
    sum.update(bytes, from, length);
    return (int) sum.getValue();
  }

  private static byte[] u32be(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }
}
