package io.github.kexecsim.loader.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Decodes LZMA symbols, after Igor Pavlov's LZMA specification (public domain), and keeps what must
 * be kept between two runs of {@link #decode}. That is one method on purpose, with the bits of
 * literals written out: the range decoder's state stays in registers, and no loop stands between
 * the bits, which is a tenth of the speed. It must remain below the 8000 bytecodes above which
 * HotSpot interprets a method.
 */
final class LzmaSymbols {
  /** Input that one symbol never exceeds: 48 bits at most, and none takes more than a byte. */
  static final int MARGIN = 48;

  /** Below this the range takes in another byte. */
  static final long TOP = 1 << 24;

  /** Turns the adaption of a probability, {@code -p / 32}, into {@code (2048 - p) / 32}. */
  private static final int UP = 31 - 2048;

  private static final int MIN_MATCH = 2;
  private static final int END_MARKER = -1;

  private static final VarHandle EIGHT =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  /** Why {@link #decode} came back. */
  enum Stop {
    /** The output or the input has come to its limit. */
    LIMIT,
    /** The stream says that it ends. */
    END_MARKER,
    /** A match reaches back before the dictionary. */
    BAD_DISTANCE,
    /** A symbol brings more output than may be. */
    OVERFLOW
  }

  /** Where the output goes; what is there from {@link #dictionary} on is the dictionary. */
  final byte[] out;

  int dictionary;
  int outPos;

  /** The input, with {@link #MARGIN} bytes behind {@link #safeEnd}. */
  byte[] in;

  int pos;
  int safeEnd;

  /** Of 32 bits, as a long so that differences keep their sign. */
  long range;

  /**
   * The complement of the range decoder's code, {@code -1 - code}: it saves an instruction a bit.
   */
  long code;

  private char[] probabilities;
  private int lc;
  private int lpMask;
  private int pbMask;
  private int state;
  private int rep0;
  private int rep1;
  private int rep2;
  private int rep3;

  LzmaSymbols(byte[] out, int outPos) {
    this.out = out;
    this.outPos = outPos;
    this.dictionary = outPos;
  }

  void setProperties(int lc, int lp, int pb) {
    this.lc = lc;
    this.lpMask = (1 << lp) - 1;
    this.pbMask = (1 << pb) - 1;
    this.probabilities = LzmaModel.allocate(lc + lp);
  }

  void resetState() {
    LzmaModel.reset(probabilities);
    state = 0;
    rep0 = 0;
    rep1 = 0;
    rep2 = 0;
    rep3 = 0;
  }

  /**
   * Decodes symbols until the output reaches {@code softEnd}, or the input might not hold another.
   * A bit is decoded by arithmetic where both values are likely, with {@code one} being -1 for a 1
   * and 0 for a 0, and by a branch where something else follows from each.
   *
   * @param hardEnd where output must not go beyond; bytes up to it may be written early
   */
  Stop decode(int softEnd, int hardEnd) {
    final byte[] in = this.in;
    final byte[] out = this.out;
    final char[] probs = this.probabilities;
    final int mask = probs.length - 1;
    final int safeEnd = this.safeEnd;
    final int lc = this.lc;
    final int lpMask = this.lpMask;
    final int pbMask = this.pbMask;
    final int dictionary = this.dictionary;
    int pos = this.pos;
    int o = this.outPos;
    long range = this.range;
    long code = this.code;
    int state = this.state;
    int rep0 = this.rep0;
    int rep1 = this.rep1;
    int rep2 = this.rep2;
    int rep3 = this.rep3;
    Stop stop = Stop.LIMIT;

    while (o < softEnd && pos <= safeEnd) {
      int posState = o - dictionary & pbMask;
      int index = LzmaModel.IS_MATCH + (state << 4) + posState;
      long p = probs[index & mask];
      if (range < TOP) {
        range <<= 8;
        code = code << 8 | ~in[pos++] & 0xff;
      }
      long bound = (range >>> 11) * p;
      if (code + bound >= 0) {
        range = bound;
        probs[index & mask] = (char) (p - (p + UP >> 5));
        if (o == hardEnd) {
          stop = Stop.OVERFLOW;
          break;
        }
        int before = o > dictionary ? out[o - 1] & 0xff : 0;
        int context = ((o - dictionary & lpMask) << lc) + (before >>> 8 - lc);
        int coder = LzmaModel.LITERAL + LzmaModel.LITERAL_CODER * context;
        int symbol = 1;
        if (state < 7) {
          state = Math.max(state - 3, 0);
          p = probs[coder + 1 & mask];
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            long p0 = probs[coder + 2 * symbol & mask];
            long p1 = probs[coder + 2 * symbol + 1 & mask];
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[coder + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            p = p0 + (p1 - p0 & one);
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            long p0 = probs[coder + 2 * symbol & mask];
            long p1 = probs[coder + 2 * symbol + 1 & mask];
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[coder + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            p = p0 + (p1 - p0 & one);
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            long p0 = probs[coder + 2 * symbol & mask];
            long p1 = probs[coder + 2 * symbol + 1 & mask];
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[coder + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            p = p0 + (p1 - p0 & one);
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            long p0 = probs[coder + 2 * symbol & mask];
            long p1 = probs[coder + 2 * symbol + 1 & mask];
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[coder + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            p = p0 + (p1 - p0 & one);
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            long p0 = probs[coder + 2 * symbol & mask];
            long p1 = probs[coder + 2 * symbol + 1 & mask];
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[coder + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            p = p0 + (p1 - p0 & one);
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            long p0 = probs[coder + 2 * symbol & mask];
            long p1 = probs[coder + 2 * symbol + 1 & mask];
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[coder + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            p = p0 + (p1 - p0 & one);
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            long p0 = probs[coder + 2 * symbol & mask];
            long p1 = probs[coder + 2 * symbol + 1 & mask];
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[coder + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            p = p0 + (p1 - p0 & one);
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[coder + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
          }
        } else {
          state = state < 10 ? state - 3 : state - 6;
          // Bit 8 of offset is set as long as all bits were those of the byte at rep0.
          int match = out[o - 1 - rep0];
          int offset = 0x100;
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            match <<= 1;
            int matchBit = match & offset;
            index = coder + symbol + (offset + matchBit) & mask;
            p = probs[index];
            bound = (range >>> 11) * p;
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[index] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            offset &= matchBit ^ ~(int) one;
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            match <<= 1;
            int matchBit = match & offset;
            index = coder + symbol + (offset + matchBit) & mask;
            p = probs[index];
            bound = (range >>> 11) * p;
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[index] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            offset &= matchBit ^ ~(int) one;
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            match <<= 1;
            int matchBit = match & offset;
            index = coder + symbol + (offset + matchBit) & mask;
            p = probs[index];
            bound = (range >>> 11) * p;
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[index] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            offset &= matchBit ^ ~(int) one;
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            match <<= 1;
            int matchBit = match & offset;
            index = coder + symbol + (offset + matchBit) & mask;
            p = probs[index];
            bound = (range >>> 11) * p;
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[index] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            offset &= matchBit ^ ~(int) one;
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            match <<= 1;
            int matchBit = match & offset;
            index = coder + symbol + (offset + matchBit) & mask;
            p = probs[index];
            bound = (range >>> 11) * p;
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[index] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            offset &= matchBit ^ ~(int) one;
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            match <<= 1;
            int matchBit = match & offset;
            index = coder + symbol + (offset + matchBit) & mask;
            p = probs[index];
            bound = (range >>> 11) * p;
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[index] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            offset &= matchBit ^ ~(int) one;
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            match <<= 1;
            int matchBit = match & offset;
            index = coder + symbol + (offset + matchBit) & mask;
            p = probs[index];
            bound = (range >>> 11) * p;
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[index] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            offset &= matchBit ^ ~(int) one;
          }
          {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            match <<= 1;
            int matchBit = match & offset;
            index = coder + symbol + (offset + matchBit) & mask;
            p = probs[index];
            bound = (range >>> 11) * p;
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[index] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            offset &= matchBit ^ ~(int) one;
          }
        }
        out[o++] = (byte) symbol;
        continue;
      }
      range -= bound;
      code += bound;
      probs[index & mask] = (char) (p - (p >> 5));
      int lengths;
      boolean newDistance;
      index = LzmaModel.IS_REP + state;
      p = probs[index & mask];
      if (range < TOP) {
        range <<= 8;
        code = code << 8 | ~in[pos++] & 0xff;
      }
      bound = (range >>> 11) * p;
      if (code + bound >= 0) {
        range = bound;
        probs[index & mask] = (char) (p - (p + UP >> 5));
        newDistance = true;
        rep3 = rep2;
        rep2 = rep1;
        rep1 = rep0;
        lengths = LzmaModel.MATCH_LENGTH;
        state = state < 7 ? 7 : 10;
      } else {
        range -= bound;
        code += bound;
        probs[index & mask] = (char) (p - (p >> 5));
        newDistance = false;
        lengths = LzmaModel.REP_LENGTH;
        index = LzmaModel.IS_REP0 + state;
        p = probs[index & mask];
        if (range < TOP) {
          range <<= 8;
          code = code << 8 | ~in[pos++] & 0xff;
        }
        bound = (range >>> 11) * p;
        if (code + bound >= 0) {
          range = bound;
          probs[index & mask] = (char) (p - (p + UP >> 5));
          index = LzmaModel.IS_REP0_LONG + (state << 4) + posState;
          p = probs[index & mask];
          if (range < TOP) {
            range <<= 8;
            code = code << 8 | ~in[pos++] & 0xff;
          }
          bound = (range >>> 11) * p;
          if (code + bound >= 0) {
            range = bound;
            probs[index & mask] = (char) (p - (p + UP >> 5));
            if (Integer.compareUnsigned(rep0, o - dictionary) >= 0) {
              stop = Stop.BAD_DISTANCE;
              break;
            }
            if (o == hardEnd) {
              stop = Stop.OVERFLOW;
              break;
            }
            state = state < 7 ? 9 : 11;
            out[o] = out[o - 1 - rep0];
            o++;
            continue;
          }
          range -= bound;
          code += bound;
          probs[index & mask] = (char) (p - (p >> 5));
        } else {
          range -= bound;
          code += bound;
          probs[index & mask] = (char) (p - (p >> 5));
          int distance;
          index = LzmaModel.IS_REP1 + state;
          p = probs[index & mask];
          if (range < TOP) {
            range <<= 8;
            code = code << 8 | ~in[pos++] & 0xff;
          }
          bound = (range >>> 11) * p;
          if (code + bound >= 0) {
            range = bound;
            probs[index & mask] = (char) (p - (p + UP >> 5));
            distance = rep1;
          } else {
            range -= bound;
            code += bound;
            probs[index & mask] = (char) (p - (p >> 5));
            index = LzmaModel.IS_REP2 + state;
            p = probs[index & mask];
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            if (code + bound >= 0) {
              range = bound;
              probs[index & mask] = (char) (p - (p + UP >> 5));
              distance = rep2;
            } else {
              range -= bound;
              code += bound;
              probs[index & mask] = (char) (p - (p >> 5));
              distance = rep3;
              rep3 = rep2;
            }
            rep2 = rep1;
          }
          rep1 = rep0;
          rep0 = distance;
        }
        state = state < 7 ? 8 : 11;
      }
      int tree;
      int leaves = 8;
      int length;
      p = probs[lengths & mask];
      if (range < TOP) {
        range <<= 8;
        code = code << 8 | ~in[pos++] & 0xff;
      }
      bound = (range >>> 11) * p;
      if (code + bound >= 0) {
        range = bound;
        probs[lengths & mask] = (char) (p - (p + UP >> 5));
        tree = lengths + LzmaModel.LENGTH_LOW + (posState << 3);
        length = MIN_MATCH - 8;
      } else {
        range -= bound;
        code += bound;
        probs[lengths & mask] = (char) (p - (p >> 5));
        p = probs[lengths + 1 & mask];
        if (range < TOP) {
          range <<= 8;
          code = code << 8 | ~in[pos++] & 0xff;
        }
        bound = (range >>> 11) * p;
        if (code + bound >= 0) {
          range = bound;
          probs[lengths + 1 & mask] = (char) (p - (p + UP >> 5));
          tree = lengths + LzmaModel.LENGTH_MID + (posState << 3);
          length = MIN_MATCH;
        } else {
          range -= bound;
          code += bound;
          probs[lengths + 1 & mask] = (char) (p - (p >> 5));
          tree = lengths + LzmaModel.LENGTH_HIGH;
          leaves = 256;
          length = MIN_MATCH + 16 - 256;
        }
      }
      int symbol = 1;
      p = probs[tree + 1 & mask];
      do {
        if (range < TOP) {
          range <<= 8;
          code = code << 8 | ~in[pos++] & 0xff;
        }
        bound = (range >>> 11) * p;
        long p0 = probs[tree + 2 * symbol & mask];
        long p1 = probs[tree + 2 * symbol + 1 & mask];
        long one = code + bound >> 63;
        range = bound + (range - bound - bound & one);
        code += bound & one;
        probs[tree + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
        symbol = 2 * symbol - (int) one;
        p = p0 + (p1 - p0 & one);
      } while (symbol < leaves);
      length += symbol;
      if (newDistance) {
        tree = LzmaModel.DISTANCE_SLOT + (Math.min(length - MIN_MATCH, 3) << 6);
        symbol = 1;
        p = probs[tree + 1 & mask];
        do {
          if (range < TOP) {
            range <<= 8;
            code = code << 8 | ~in[pos++] & 0xff;
          }
          bound = (range >>> 11) * p;
          long p0 = probs[tree + 2 * symbol & mask];
          long p1 = probs[tree + 2 * symbol + 1 & mask];
          long one = code + bound >> 63;
          range = bound + (range - bound - bound & one);
          code += bound & one;
          probs[tree + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
          symbol = 2 * symbol - (int) one;
          p = p0 + (p1 - p0 & one);
        } while (symbol < 64);
        int slot = symbol - 64;
        rep0 = slot;
        if (slot >= 4) {
          int bits = (slot >> 1) - 1;
          rep0 = 2 | slot & 1;
          if (slot < 14) {
            rep0 <<= bits;
            tree = LzmaModel.DISTANCE_LOW_BITS + rep0 - slot;
          } else {
            do {
              if (range < TOP) {
                range <<= 8;
                code = code << 8 | ~in[pos++] & 0xff;
              }
              range >>>= 1;
              long one = code + range >> 63;
              code += range & one;
              rep0 = 2 * rep0 - (int) one;
            } while (--bits > 4);
            rep0 <<= 4;
            tree = LzmaModel.DISTANCE_ALIGN;
          }
          symbol = 1;
          p = probs[tree + 1 & mask];
          int weight = 1;
          do {
            if (range < TOP) {
              range <<= 8;
              code = code << 8 | ~in[pos++] & 0xff;
            }
            bound = (range >>> 11) * p;
            long p0 = probs[tree + 2 * symbol & mask];
            long p1 = probs[tree + 2 * symbol + 1 & mask];
            long one = code + bound >> 63;
            range = bound + (range - bound - bound & one);
            code += bound & one;
            probs[tree + symbol & mask] = (char) (p - (p + (~one & UP) >> 5));
            symbol = 2 * symbol - (int) one;
            rep0 += weight & (int) one;
            weight <<= 1;
            p = p0 + (p1 - p0 & one);
          } while (weight < 1 << bits);
          if (rep0 == END_MARKER) {
            stop = Stop.END_MARKER;
            break;
          }
        }
      }
      if (Integer.compareUnsigned(rep0, o - dictionary) >= 0) {
        stop = Stop.BAD_DISTANCE;
        break;
      }
      if (length > hardEnd - o) {
        stop = Stop.OVERFLOW;
        break;
      }
      int from = o - 1 - rep0;
      if (rep0 < 7 || hardEnd - o < 16) {
        copyBytes(out, from, o, length);
      } else {
        EIGHT.set(out, o, (long) EIGHT.get(out, from));
        if (length > 8) {
          EIGHT.set(out, o + 8, (long) EIGHT.get(out, from + 8));
          if (length > 16) {
            copyEights(out, from + 16, o + 16, length - 16, hardEnd);
          }
        }
      }
      o += length;
    }

    this.pos = pos;
    this.outPos = o;
    this.range = range;
    this.code = code;
    this.state = state;
    this.rep0 = rep0;
    this.rep1 = rep1;
    this.rep2 = rep2;
    this.rep3 = rep3;
    return stop;
  }

  /** Copies a match whose source may overlap it. */
  private static void copyBytes(byte[] out, int from, int to, int length) {
    int end = to + length;
    do {
      out[to++] = out[from++];
    } while (to < end);
  }

  /** Copies a match that begins at least eight bytes back, and up to seven bytes more. */
  private static void copyEights(byte[] out, int from, int to, int length, int hardEnd) {
    int end = to + length;
    if (hardEnd - end < 7) {
      copyBytes(out, from, to, length);
      return;
    }
    do {
      EIGHT.set(out, to, (long) EIGHT.get(out, from));
      to += 8;
      from += 8;
    } while (to < end);
  }
}
