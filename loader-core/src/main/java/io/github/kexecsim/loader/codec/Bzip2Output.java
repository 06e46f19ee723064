package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32;

/** Where blocks come out: runs of equal bytes unpacked, and summed up behind the unpacking. */
final class Bzip2Output {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** A run of so many equal bytes is followed by a count of further ones. */
  private static final int RUN = 4;

  private static final int CHUNK = 1 << 13;

  private final byte[] destination;
  private final Progress progress;
  private final byte[] mirrored = new byte[CHUNK];
  private int size;

  Bzip2Output(byte[] destination, Progress progress) {
    this.destination = destination;
    this.progress = progress;
  }

  /** How many bytes came out so far. */
  int size() {
    return size;
  }

  /**
   * Unpacks a block behind the ones before.
   *
   * @param consumed what to tell the progress
   * @return the checksum of what came out
   */
  int append(Bzip2Block block, int consumed) {
    CRC32 crc = new CRC32();
    byte[] text = block.text();
    int length = text.length;
    int from = 0;
    int summed = size;
    int reported = size;
    while (from < length) {
      from = unpack(text, from, length);
      while (size - summed >= CHUNK) {
        sum(crc, summed, CHUNK);
        summed += CHUNK;
      }
      if (size - reported >= Progress.STEP / 2) {
        progress.at(consumed, size);
        reported = size;
      }
    }
    sum(crc, summed, size - summed);
    progress.at(consumed, size);
    return Integer.reverse((int) crc.getValue());
  }

  /** Unpacks about a chunk, from a place where no run is open; returns where the text goes on. */
  private int unpack(byte[] text, int start, int length) {
    byte[] destination = this.destination;
    int out = size;
    int stop = (int) Math.min((long) destination.length, (long) out + CHUNK);
    int from = start;
    while (from < length && out < stop) {
      byte value = text[from++];
      destination[out++] = value;
      if (from >= length || text[from] != value) {
        continue;
      }
      int equal = 1;
      while (equal < RUN && from < length && text[from] == value) {
        equal++;
        from++;
      }
      int more = equal - 1;
      if (equal == RUN) {
        if (from == length) {
          throw Bzip2Decompressor.corrupt("bzip2: run without a count at a block's end");
        }
        more += text[from++] & 0xff;
      }
      if (more > destination.length - out) {
        throw tooLong();
      }
      Arrays.fill(destination, out, out + more, value);
      out += more;
    }
    size = out;
    if (from < length && out == destination.length) {
      throw tooLong();
    }
    return from;
  }

  /**
   * Feeds bytes to the checksum. bzip2 shifts its CRC-32 the other way round, so each byte goes in
   * with its bits mirrored, and so does the sum come out.
   */
  private void sum(CRC32 crc, int from, int length) {
    int words = length & -8;
    for (int i = 0; i < words; i += 8) {
      long word = (long) LONG.get(destination, from + i);
      LONG.set(mirrored, i, Long.reverseBytes(Long.reverse(word)));
    }
    for (int i = words; i < length; i++) {
      mirrored[i] = (byte) (Integer.reverse(destination[from + i]) >>> 24);
    }
    crc.update(mirrored, 0, length);
  }

  private KexecException tooLong() {
    return new KexecException(
        Reason.SIZE_MISMATCH,
        String.format("bzip2 stream holds more than the expected 0x%x bytes", destination.length),
        "the declared size may be wrong");
  }
}
