package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/**
 * bzip2: the first stream, with every block's checksum and the combined one checked. Whatever
 * follows that stream is not looked at, as in the kernel's {@code lib/decompress_bunzip2.c, bunzip2
 * (v6.1)}, and randomised blocks (bzip2 0.9.0) are refused as there.
 *
 * <p>Blocks decode on as many threads as there are processors, up to four, and come out in order on
 * the caller's; the threads have ended when the call returns. In flight are at most two blocks a
 * thread, of 4.5 MB each, and as many decoded ones and two more, of 0.9 MB each.
 */
final class Bzip2Decompressor implements Decompressor {
  private static final long END_MAGIC = 0x1772_4538_5090L;
  private static final int HEADER_SIZE = 4;
  private static final int MAX_THREADS = 4;

  private final int threads;

  Bzip2Decompressor() {
    this(Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors()));
  }

  /** A decompressor with a number of threads: 1 decodes on the caller's. */
  Bzip2Decompressor(int threads) {
    this.threads = threads;
  }

  @Override
  public CompressionMethod method() {
    return CompressionMethod.BZIP2;
  }

  @Override
  public int decompress(ByteView payload, byte[] destination, Progress progress) {
    if (!payload.slice(0, HEADER_SIZE).matches(0, "BZh")
        || payload.u8(3) < '1'
        || payload.u8(3) > '9') {
      throw corrupt(
          String.format("bzip2: begins with 0x%08x, expected BZh1 to BZh9", payload.u32be(0)));
    }
    int blockSize = (payload.u8(3) - '0') * 100_000;
    Bzip2Output output = new Bzip2Output(destination, progress);
    int combined = 0;
    long bit = HEADER_SIZE << 3;
    try (Bzip2BlockReader blocks = new Bzip2BlockReader(payload, bit, blockSize, threads)) {
      while (magic(payload, bit) != END_MAGIC) {
        Bzip2Block block = blocks.at(bit);
        bit = block.endBit();
        int crc = output.append(block, (int) (bit >>> 3));
        if (crc != block.crc()) {
          throw corrupt(
              String.format(
                  "bzip2: block before bit 0x%x has CRC 0x%08x, expected 0x%08x",
                  bit, crc, block.crc()));
        }
        combined = Integer.rotateLeft(combined, 1) ^ crc;
      }
    }
    int expected = (int) bits(payload, bit + 48, 32);
    if (expected != combined) {
      throw corrupt(
          String.format("bzip2: combined CRC is 0x%08x, expected 0x%08x", combined, expected));
    }
    progress.at((int) (bit + 48 + 32 + 7 >>> 3), output.size());
    return output.size();
  }

  private static long magic(ByteView payload, long bit) {
    long magic = bits(payload, bit, 24) << 24 | bits(payload, bit + 24, 24);
    if (magic != END_MAGIC && magic != Bzip2Block.MAGIC) {
      throw corrupt(String.format("bzip2: 0x%012x where a block begins, bit 0x%x", magic, bit));
    }
    return magic;
  }

  private static long bits(ByteView payload, long bit, int count) {
    long value = 0;
    for (long at = bit >>> 3; at < bit + count + 7 >>> 3; at++) {
      value = value << 8 | payload.u8(at);
    }
    return value >>> (-(bit + count) & 7) & (1L << count) - 1;
  }

  static KexecException corrupt(String message) {
    return new KexecException(
        Reason.CORRUPT_PAYLOAD, message, "the payload is damaged: fetch it again");
  }
}
