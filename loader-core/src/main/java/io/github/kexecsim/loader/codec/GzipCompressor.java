package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** As {@code gzip -n -9} writes it: no name, no time. */
final class GzipCompressor implements Compressor {
  /** Deflate, no flags, no time, XFL 2 (best compression), OS 3 (Unix). */
  private static final String HEADER = "1f8b0800000000000203";

  @Override
  public CompressionMethod method() {
    return CompressionMethod.GZIP;
  }

  @Override
  public byte[] compress(ByteView input) {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    output.writeBytes(HexFormat.of().parseHex(HEADER));
    deflate(input, output);
    CRC32 crc = new CRC32();
    crc.update(input.array(), input.arrayOffset(), input.size());
    ByteBuffer trailer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    output.writeBytes(trailer.putInt((int) crc.getValue()).putInt(input.size()).array());
    return output.toByteArray();
  }

  private static void deflate(ByteView input, ByteArrayOutputStream output) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    try {
      deflater.setInput(input.array(), input.arrayOffset(), input.size());
      deflater.finish();
      byte[] buffer = new byte[64 << 10];
      while (!deflater.finished()) {
        output.write(buffer, 0, deflater.deflate(buffer));
      }
    } finally {
      deflater.end();
    }
  }
}
