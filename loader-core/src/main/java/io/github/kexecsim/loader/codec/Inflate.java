package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * One raw DEFLATE stream (RFC 1951), from array to array: the destination is the window, so nothing
 * is copied twice.
 *
 * <p>Most of the work is done in {@link #decodeFast}, which needs room at both ends so that it can
 * read and write words without asking; {@link #decodeCarefully} does the rest symbol by symbol. The
 * shape of the fast loop (one refill of the bit buffer by a long read, a table lookup before that
 * refill, matches copied by words) is libdeflate's; two literals or a literal and a match length in
 * one table entry are igzip's.
 */
final class Inflate {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /**
   * How much output comes out between two reports, and of one call of decodeFast: often enough that
   * HotSpot compiles it for its calls, not in the midst of a loop.
   */
  private static final int CHUNK = 1 << 13;

  /** A turn of the fast loop refills at most four times, each by less than 8 bytes. */
  private static final int INPUT_MARGIN = 40;

  /** A turn writes at most 5 literals, a match of 258, and a word copy's overrun. */
  private static final int OUTPUT_MARGIN = 320;

  /** No copy of the fast loop writes further than this behind its match. */
  private static final int OVERRUN = 40;

  /** What a word must be multiplied by so that its first 1 to 7 bytes repeat. */
  private static final long[] REPEAT = {
    0, 0x0101_0101_0101_0101L, 0x0001_0001_0001_0001L, 0x0100_0001L, 0x1_0000_0001L, 1, 1, 1
  };

  /** How far a word of such a pattern reaches: whole periods only. */
  private static final int[] STRIDE = {0, 8, 8, 6, 8, 5, 6, 7};

  private static final byte[] PRECODE_ORDER = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
  };

  private final byte[] src;
  private final int start;
  private final int limit;
  private final byte[] dst;
  private final Progress progress;
  private final InflateTables tables = new InflateTables();

  // The stream goes on with the lowest `left` bits of `bits`, then at src[in].
  private int in;
  private long bits;
  private int left;
  private int out;
  private int dirty;

  /**
   * A decoder of one stream.
   *
   * @param payload what contains the stream
   * @param offset where it begins
   * @param destination where the output goes, from its start
   * @param progress told of offsets in payload
   */
  Inflate(ByteView payload, int offset, byte[] destination, Progress progress) {
    this.src = payload.array();
    this.start = payload.arrayOffset();
    this.limit = start + payload.size();
    this.in = start + offset;
    this.dst = destination;
    this.progress = progress;
  }

  /** Where the stream ended, as an offset in the payload. */
  int consumed() {
    return in - start - (left >>> 3);
  }

  /**
   * Decodes the stream. Up to 40 bytes behind the output may have been cleared.
   *
   * @return how many bytes came out
   */
  int run() {
    boolean last;
    do {
      last = take(1) == 1;
      switch (take(2)) {
        case 0 -> copyStored();
        case 1 -> {
          tables.buildFixed();
          decodeBlock();
        }
        case 2 -> {
          readDynamic();
          decodeBlock();
        }
        default -> throw corrupt("block of the reserved type 3");
      }
    } while (!last);
    if (dirty > out) {
      Arrays.fill(dst, out, Math.min(dirty, dst.length), (byte) 0);
    }
    return out;
  }

  private void copyStored() {
    drop(left & 7);
    int length = take(16);
    int inverse = take(16);
    if (length != (inverse ^ 0xffff)) {
      throw corrupt("stored block's length and its complement disagree");
    }
    in -= left >>> 3;
    left = 0;
    bits = 0;
    if (length > limit - in) {
      throw truncated();
    }
    if (length > dst.length - out) {
      throw tooLong();
    }
    System.arraycopy(src, in, dst, out, length);
    in += length;
    out += length;
    progress.at(consumed(), out);
  }

  private void readDynamic() {
    int litlenSymbols = take(5) + 257;
    int distSymbols = take(5) + 1;
    int precodes = take(4) + 4;
    if (litlenSymbols > 286 || distSymbols > 30) {
      throw corrupt("too many length or distance symbols");
    }
    byte[] precodeLengths = new byte[PRECODE_ORDER.length];
    for (int i = 0; i < precodes; i++) {
      precodeLengths[PRECODE_ORDER[i]] = (byte) take(3);
    }
    byte[] precode = new byte[128];
    if (!tables.buildPrecode(precodeLengths, precode)) {
      throw corrupt("code length codes over-subscribed or incomplete");
    }
    byte[] lengths = new byte[litlenSymbols + distSymbols];
    int done = 0;
    while (done < lengths.length) {
      refill();
      int entry = precode[(int) bits & 127] & 0xff;
      drop(entry & 7);
      int symbol = entry >>> 3;
      if (symbol < 16) {
        lengths[done++] = (byte) symbol;
        continue;
      }
      int repeat;
      byte value = 0;
      if (symbol == 16) {
        if (done == 0) {
          throw corrupt("code length repeated before the first");
        }
        value = lengths[done - 1];
        repeat = 3 + take(2);
      } else {
        repeat = symbol == 17 ? 3 + take(3) : 11 + take(7);
      }
      if (repeat > lengths.length - done) {
        throw corrupt("code lengths repeated past the last");
      }
      Arrays.fill(lengths, done, done + repeat, value);
      done += repeat;
    }
    if (lengths[256] == 0) {
      throw corrupt("no code for the end of the block");
    }
    if (!tables.build(lengths, litlenSymbols, distSymbols)) {
      throw corrupt("literal or distance codes over-subscribed or incomplete");
    }
  }

  private void decodeBlock() {
    boolean end = false;
    while (!end) {
      int stop = Math.min(dst.length - OUTPUT_MARGIN, out + CHUNK);
      if (in < limit - INPUT_MARGIN && out < stop) {
        end = decodeFast(src, dst, tables.litlen, tables.dist, stop);
        dirty = out + OVERRUN;
        progress.at(consumed(), out);
      } else {
        end = decodeCarefully();
      }
    }
  }

  /**
   * Decodes until {@code stop}, the input's margin, or the block's end. The arrays are parameters
   * because HotSpot keeps those in registers as they are, and fields as compressed pointers.
   *
   * @return whether the block ended
   */
  private boolean decodeFast(byte[] src, byte[] dst, int[] litlen, long[] dist, int stop) {
    final int litlenMask = (1 << InflateTables.LITLEN_BITS) - 1;
    final int distMask = (1 << InflateTables.DIST_BITS) - 1;
    final int inStop = limit - INPUT_MARGIN;
    int in = this.in;
    int out = this.out;
    // Only the low 6 bits of left count: so a whole entry can be subtracted, or be a shift.
    int left = this.left;
    long bits = this.bits | (long) LONG.get(src, in) << left;
    in += 63 - left >> 3;
    left |= 56;
    boolean end = false;
    int entry = litlen[(int) bits & litlenMask];
    do {
      // At least 56 bits are there: enough for two lookups here (22) and a distance of a code of
      // at most 9 bits (22), and for the lookup of the next entry (11) before the refill.
      bits >>>= entry;
      left -= entry;
      SHORT.set(dst, out, (short) (entry >>> 16));
      out += entry >>> 8 & 3;
      if ((entry & (InflateTables.MATCH | InflateTables.EXCEPTION)) == 0) {
        entry = litlen[(int) bits & litlenMask];
        bits >>>= entry;
        left -= entry;
        SHORT.set(dst, out, (short) (entry >>> 16));
        out += entry >>> 8 & 3;
        if ((entry & (InflateTables.MATCH | InflateTables.EXCEPTION)) == 0) {
          entry = litlen[(int) bits & litlenMask];
          bits |= (long) LONG.get(src, in) << left;
          in += 7 - (left >>> 3 & 7);
          left |= 56;
          continue;
        }
      }
      int length = (entry >>> 24) + 3;
      if ((entry & InflateTables.EXCEPTION) != 0) {
        if ((entry & InflateTables.SUBTABLE) != 0) {
          entry = litlen[(entry >>> 16) + ((int) bits & (1 << (entry >>> 10 & 7)) - 1)];
          bits >>>= entry;
          left -= entry;
          SHORT.set(dst, out, (short) (entry >>> 16));
          out += entry >>> 8 & 3;
        }
        bits |= (long) LONG.get(src, in) << left;
        in += 7 - (left >>> 3 & 7);
        left |= 56;
        if ((entry & InflateTables.LONG_LENGTH) != 0) {
          int extra = entry >>> 10 & 7;
          length = (entry >>> 16) + ((int) bits & (1 << extra) - 1);
          bits >>>= extra;
          left -= extra;
        } else if ((entry & InflateTables.MATCH) != 0) {
          length = (entry >>> 24) + 3;
        } else if ((entry & InflateTables.EXCEPTION) == 0) {
          entry = litlen[(int) bits & litlenMask];
          continue;
        } else if ((entry & InflateTables.END) != 0) {
          end = true;
          break;
        } else {
          throw badCode(in);
        }
      }
      long d = dist[(int) bits & distMask];
      if (((int) d & InflateTables.DIST_EXCEPTION) != 0) {
        if (((int) d & InflateTables.DIST_SUBTABLE) == 0) {
          throw badCode(in);
        }
        bits |= (long) LONG.get(src, in) << left;
        in += 7 - (left >>> 3 & 7);
        left |= 56;
        bits >>>= InflateTables.DIST_BITS;
        left -= InflateTables.DIST_BITS;
        d = dist[(int) (d >>> 48) + ((int) bits & (1 << (int) (d >>> 8 & 15)) - 1)];
      }
      bits >>>= d;
      left -= (int) d;
      int distance = (int) (d >>> 48) + ((int) bits & (int) (d >>> 32) & 0xffff);
      int extra = (int) d >>> 8;
      bits >>>= extra;
      left -= extra;
      int from = out - distance;
      if (from < 0) {
        throw tooFar(distance, out);
      }
      int to = out;
      out += length;
      entry = litlen[(int) bits & litlenMask];
      bits |= (long) LONG.get(src, in) << left;
      in += 7 - (left >>> 3 & 7);
      left |= 56;
      if (distance >= 8) {
        LONG.set(dst, to, (long) LONG.get(dst, from));
        LONG.set(dst, to + 8, (long) LONG.get(dst, from + 8));
        LONG.set(dst, to + 16, (long) LONG.get(dst, from + 16));
        LONG.set(dst, to + 24, (long) LONG.get(dst, from + 24));
        if (out - to > 32) {
          to += 32;
          from += 32;
          do {
            LONG.set(dst, to, (long) LONG.get(dst, from));
            to += 8;
            from += 8;
          } while (to < out);
        }
      } else {
        long pattern = ((long) LONG.get(dst, from) & ~(-1L << (distance << 3))) * REPEAT[distance];
        int stride = STRIDE[distance];
        do {
          LONG.set(dst, to, pattern);
          to += stride;
        } while (to < out);
      }
    } while (in < inStop && out < stop);
    left &= 63;
    this.in = in - (left >>> 3);
    this.left = left & 7;
    this.bits = bits & (1L << (left & 7)) - 1;
    this.out = out;
    return end;
  }

  /**
   * Decodes until the block's end, or until {@link #decodeFast} can go on.
   *
   * @return whether the block ended
   */
  private boolean decodeCarefully() {
    do {
      refill();
      int entry = tables.litlen[(int) bits & (1 << InflateTables.LITLEN_BITS) - 1];
      drop(entry & 63);
      if ((entry & InflateTables.SUBTABLE) != 0) {
        int index = (int) bits & (1 << (entry >>> 10 & 7)) - 1;
        entry = tables.litlen[(entry >>> 16) + index];
        drop(entry & 63);
      }
      int literals = entry >>> 8 & 3;
      if (literals > dst.length - out) {
        throw tooLong();
      }
      for (int i = 0; i < literals; i++) {
        dst[out++] = (byte) (entry >>> 16 + 8 * i);
      }
      if ((entry & InflateTables.MATCH) != 0) {
        copyMatch((entry >>> 24) + 3);
      } else if ((entry & InflateTables.LONG_LENGTH) != 0) {
        copyMatch((entry >>> 16) + take(entry >>> 10 & 7));
      } else if ((entry & InflateTables.END) != 0) {
        return true;
      } else if (literals == 0) {
        throw badCode(in);
      }
    } while (in >= limit - INPUT_MARGIN || out >= dst.length - OUTPUT_MARGIN);
    return false;
  }

  private void copyMatch(int length) {
    refill();
    long entry = tables.dist[(int) bits & (1 << InflateTables.DIST_BITS) - 1];
    drop((int) entry & 63);
    if ((entry & InflateTables.DIST_SUBTABLE) != 0) {
      int index = (int) bits & (1 << (int) (entry >>> 8 & 15)) - 1;
      entry = tables.dist[(int) (entry >>> 48) + index];
      drop((int) entry & 63);
    }
    if ((entry & InflateTables.DIST_EXCEPTION) != 0) {
      throw badCode(in);
    }
    int distance = (int) (entry >>> 48) + take((int) entry >>> 8);
    if (distance > out) {
      throw tooFar(distance, out);
    }
    if (length > dst.length - out) {
      throw tooLong();
    }
    for (int end = out + length; out < end; out++) {
      dst[out] = dst[out - distance];
    }
  }

  /** Fills the bit buffer to 48 bits or to the input's end. */
  private void refill() {
    while (left < 48 && in < limit) {
      bits |= (src[in++] & 0xffL) << left;
      left += 8;
    }
  }

  private void drop(int count) {
    if (count > left) {
      throw truncated();
    }
    bits >>>= count;
    left -= count;
  }

  private int take(int count) {
    if (left < count) {
      refill();
    }
    int value = (int) bits & (1 << count) - 1;
    drop(count);
    return value;
  }

  private KexecException truncated() {
    return new KexecException(
        Reason.TRUNCATED,
        String.format("deflate stream goes on behind the payload's 0x%x bytes", limit - start),
        "the file may be cut short: compare its size with the original's");
  }

  private KexecException tooLong() {
    return new KexecException(
        Reason.SIZE_MISMATCH,
        String.format("deflate stream holds more than the expected 0x%x bytes", dst.length),
        "the declared size may be wrong");
  }

  private KexecException tooFar(int distance, int at) {
    return corrupt(
        String.format(
            "distance 0x%x at output offset 0x%x reaches before the start", distance, at));
  }

  private KexecException badCode(int at) {
    return corrupt(String.format("unused code near payload offset 0x%x", at - start));
  }

  private KexecException corrupt(String message) {
    return new KexecException(
        Reason.CORRUPT_PAYLOAD, "deflate: " + message, "the payload is damaged: fetch it again");
  }
}
