package io.github.kexecsim.benchmark;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.Checksum;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * What stands around the blocks of libraries that decode only those, as our compressors write it
 * and no other way.
 */
final class Containers {
  private static final int GZIP_HEADER = 10;
  private static final int LZOP_HEADER = 38;
  private static final int LZ4_MAGIC = 4;
  private static final int LZ4_CHUNK = 8 << 20;

  private Containers() {}

  /** Decodes one block. */
  @FunctionalInterface
  interface Block {
    /** Returns how many bytes came out, at most {@code room}. */
    int decode(byte[] input, int from, int length, byte[] output, int to, int room)
        throws IOException;
  }

  /** A gzip member by the JDK's Inflater. */
  static int gzip(byte[] payload, byte[] output) throws DataFormatException, IOException {
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(payload, GZIP_HEADER, payload.length - GZIP_HEADER);
      int produced = inflater.inflate(output);
      int trailer = GZIP_HEADER + (int) inflater.getBytesRead();
      check(new CRC32(), output, 0, produced, ByteView.of(payload).u32le(trailer));
      return produced;
    } finally {
      inflater.end();
    }
  }

  /** LZ4's legacy frame. */
  static int lz4(byte[] payload, byte[] output, Block block) throws IOException {
    ByteView view = ByteView.of(payload);
    int produced = 0;
    for (int at = LZ4_MAGIC; at < payload.length; ) {
      int length = (int) view.u32le(at);
      int room = Math.min(LZ4_CHUNK, output.length - produced);
      produced += block.decode(payload, at + 4, length, output, produced, room);
      at += 4 + length;
    }
    return produced;
  }

  /** An lzop file of which each block has the Adler-32 of its output. */
  static int lzop(byte[] payload, byte[] output, Block block) throws IOException {
    ByteView view = ByteView.of(payload);
    int produced = 0;
    int at = LZOP_HEADER;
    for (int size = (int) view.u32be(at); size > 0; size = (int) view.u32be(at)) {
      int length = (int) view.u32be(at + 4);
      long stored = view.u32be(at + 8);
      at += 12;
      if (length == size) {
        view.copyTo(at, output, produced, size);
      } else {
        block.decode(payload, at, length, output, produced, size);
      }
      check(new Adler32(), output, produced, size, stored);
      produced += size;
      at += length;
    }
    return produced;
  }

  private static void check(Checksum sum, byte[] output, int from, int length, long stored)
      throws IOException {
    sum.update(output, from, length);
    if (sum.getValue() != stored) {
      throw new IOException("a checksum differs");
    }
  }
}
