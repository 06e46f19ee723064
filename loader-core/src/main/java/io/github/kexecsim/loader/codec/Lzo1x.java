package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Decodes LZO1X, the format of {@code Documentation/staging/lzo.rst} (v6.1), bitstream version 0.
 * An instruction is one byte, any further length bytes, and for a match the rest of its distance:
 *
 * <pre>
 * 1LLDDDSS..      match of (byte >> 5) + 1 from up to 2 KiB behind, one more byte
 * 001LLLLL..      match of 2 + L from up to 16 KiB behind, two more bytes
 * 0001HLLL..      match of 2 + L from 16 to 48 KiB behind, two more bytes; a distance of 16 KiB ends
 * 0000LLLL        after a match without literals: 3 + L literals
 * 0000DDSS..      after 1 to 3 literals: match of 2 from up to 1 KiB behind
 *                 after a run of literals: match of 3 from 2 to 3 KiB behind
 * </pre>
 *
 * A length of 0 goes on in bytes: every 0 adds 255, the first other adds itself. Every match is
 * followed by the 0 to 3 literals that its two lowest distance bits tell.
 */
final class Lzo1x {
  private static final VarHandle U64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final VarHandle U32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
  private static final VarHandle U16LE =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  /** The end marker's length: no instruction begins closer to the end of the input. */
  private static final int END_MARKER = 3;

  private static final int END_DISTANCE = 16 << 10;

  /** From which length on the intrinsic copy is worth its call. */
  private static final int LONG_RUN = 64;

  /** What came before an instruction: a match without literals, 1 to 3 literals, or a run. */
  private static final int AFTER_MATCH = 0;

  private static final int AFTER_RUN = 4;

  private Lzo1x() {}

  /**
   * Decodes the block of {@code size} bytes, at least 1, at {@code at} of {@code payload} to
   * exactly {@code length} bytes of {@code output} from {@code from}; no other byte of it is
   * written.
   *
   * @throws KexecException {@code CORRUPT_PAYLOAD}
   */
  static void decompress(ByteView payload, int at, int size, byte[] output, int from, int length) {
    byte[] input = payload.array();
    int base = payload.arrayOffset();
    int in = base + at;
    int inEnd = in + size;
    int out = from;
    int outEnd = from + length;

    int state = AFTER_MATCH;
    int run = (input[in] & 0xff) - 17;
    if (run > 0) {
      in++;
      if (run > inEnd - in - END_MARKER || run > outEnd - out) {
        throw corrupt(in - base, "literals do not fit");
      }
      System.arraycopy(input, in, output, out, run);
      in += run;
      out += run;
      state = Math.min(run, AFTER_RUN);
    }

    while (true) {
      if (inEnd - in < END_MARKER) {
        throw corrupt(in - base, "the block has no end marker");
      }
      int code = input[in++] & 0xff;
      int count;
      int distance;
      int literals;
      if (code >= 64) {
        count = (code >>> 5) + 1;
        distance = ((input[in++] & 0xff) << 3) + (code >>> 2 & 7) + 1;
        literals = code & 3;
      } else if (code >= 16) {
        int mask = code >= 32 ? 31 : 7;
        count = code & mask;
        if (count == 0) {
          int last = skipZeros(input, in, inEnd, base);
          count = mask + 255 * (last - in) + (input[last] & 0xff);
          in = last + 1;
          if (inEnd - in < 2) {
            throw corrupt(in - base, "the block has no end marker");
          }
        }
        count += 2;
        int word = (short) U16LE.get(input, in) & 0xffff;
        in += 2;
        literals = word & 3;
        if (code >= 32) {
          distance = (word >>> 2) + 1;
        } else {
          distance = END_DISTANCE + ((code & 8) << 11) + (word >>> 2);
          if (distance == END_DISTANCE) {
            break;
          }
        }
      } else if (state == AFTER_MATCH) {
        run = code;
        if (run == 0) {
          int last = skipZeros(input, in, inEnd, base);
          run = 15 + 255 * (last - in) + (input[last] & 0xff);
          in = last + 1;
        }
        run += 3;
        if (run > inEnd - in - END_MARKER || run > outEnd - out) {
          throw corrupt(in - base, "literals do not fit");
        }
        if (run <= LONG_RUN && inEnd - in >= run + 8 && outEnd - out >= run + 8) {
          for (int i = 0; i < run; i += 8) {
            U64.set(output, out + i, (long) U64.get(input, in + i));
          }
        } else {
          System.arraycopy(input, in, output, out, run);
        }
        in += run;
        out += run;
        state = AFTER_RUN;
        continue;
      } else {
        count = state == AFTER_RUN ? 3 : 2;
        distance = ((input[in++] & 0xff) << 2) + (code >>> 2) + (state == AFTER_RUN ? 2049 : 1);
        literals = code & 3;
      }

      if (distance > out - from) {
        throw corrupt(in - base, "a match reaches behind the block's start");
      }
      if (count + literals > outEnd - out || literals + END_MARKER > inEnd - in) {
        throw corrupt(in - base, "a match does not fit");
      }
      if (outEnd - out >= count + 16) {
        copyMatch(output, out, distance, count);
        out += count;
        if (inEnd - in >= 4) {
          U32.set(output, out, (int) U32.get(input, in));
        } else {
          System.arraycopy(input, in, output, out, literals);
        }
      } else {
        for (int end = out + count; out < end; out++) {
          output[out] = output[out - distance];
        }
        System.arraycopy(input, in, output, out, literals);
      }
      in += literals;
      out += literals;
      state = literals;
    }
    if (in != inEnd || out != outEnd) {
      throw corrupt(
          in - base,
          String.format(
              "the block ends 0x%x bytes early, with 0x%x of 0x%x bytes out",
              inEnd - in, out - from, length));
    }
  }

  /** Finds the byte that ends a length. */
  private static int skipZeros(byte[] input, int from, int end, int base) {
    int at = from;
    while (input[at] == 0) {
      if (++at == end) {
        throw corrupt(at - base, "a length does not end");
      }
    }
    return at;
  }

  /** Copies a match, and up to 15 bytes more behind it. */
  private static void copyMatch(byte[] output, int out, int distance, int count) {
    int to = out;
    int end = out + count;
    int step = distance;
    if (distance < 8) {
      // Eight bytes singly; from then on the pattern also repeats at a multiple of at least eight.
      for (int i = 0; i < 8; i++, to++) {
        output[to] = output[to - distance];
      }
      step = distance * ((7 + distance) / distance);
    }
    for (; to < end; to += 8) {
      U64.set(output, to, (long) U64.get(output, to - step));
    }
  }

  private static KexecException corrupt(int offset, String what) {
    return CodecFault.corrupt(CompressionMethod.LZO, offset, "LZO1X: " + what);
  }
}
