package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.KexecException;
import io.github.kexecsim.loader.Reason;
import io.github.kexecsim.loader.bytes.ByteView;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The LZMA symbol decoder, after Igor Pavlov's LZMA specification (public domain). The destination
 * is the dictionary: nothing is copied twice, and what a stream claims of its dictionary's size is
 * of no interest.
 *
 * <p>{@link #symbols} is one method on purpose: the range decoder's state stays in its local
 * variables. It must remain below the 8000 bytecodes above which HotSpot interprets a method.
 */
final class LzmaDecoder {
  /** Bytes that start every run of range-coded input. */
  static final int PREAMBLE = 5;

  /** Output between two looks at the clock: short, so that compiled code is entered early. */
  static final int SLICE = 1 << 16;

  /** Input that one symbol never exceeds: 48 bits at most, and none takes more than a byte. */
  private static final int SYMBOL_MARGIN = 48;

  private static final long TOP = 1 << 24;

  /** Turns the adaption of a probability, {@code -p / 32}, into {@code (2048 - p) / 32}. */
  private static final int UP = 31 - 2048;

  private static final int MIN_MATCH = 2;
  private static final int END_MARKER = -1;

  private static final VarHandle EIGHT =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final byte[] out;
  private final Reason exhausted;
  private final Reason overflow;
  private int dictionary;
  private int outPos;

  private byte[] in;
  private int pos;
  private int end;
  private int safeEnd;

  /** What {@link #pos} must be increased by to be an offset in the payload. */
  private int base;

  /** Of 32 bits, as a long so that differences keep their sign. */
  private long range;

  /** The complement of the range decoder's code: {@code -1 - code}. */
  private long code;

  private char[] probabilities;
  private int lc;
  private int lpMask;
  private int pbMask;
  private int state;
  private int rep0;
  private int rep1;
  private int rep2;
  private int rep3;
  private boolean endMarker;

  /**
   * A decoder without properties or input.
   *
   * @param out where the output goes
   * @param outPos where it begins, and with it the dictionary
   * @param exhausted what it means when the input ends too early
   * @param overflow what it means when there is more output than may be
   */
  LzmaDecoder(byte[] out, int outPos, Reason exhausted, Reason overflow) {
    this.out = out;
    this.outPos = outPos;
    this.dictionary = outPos;
    this.exhausted = exhausted;
    this.overflow = overflow;
  }

  /** Where the output ends so far. */
  int produced() {
    return outPos;
  }

  /** The offset in the payload of the first byte not yet read. */
  int consumed() {
    return base + pos;
  }

  /** Whether the stream has said that it ends here. */
  boolean atEndMarker() {
    return endMarker;
  }

  /** Takes over new properties: lc 0 to 8, lp 0 to 4, pb 0 to 4. The state must be reset next. */
  void setProperties(int lc, int lp, int pb) {
    this.lc = lc;
    this.lpMask = (1 << lp) - 1;
    this.pbMask = (1 << pb) - 1;
    this.probabilities = LzmaModel.allocate(lc + lp);
  }

  /** Forgets everything learnt, but not the dictionary. */
  void resetState() {
    LzmaModel.reset(probabilities);
    state = 0;
    rep0 = 0;
    rep1 = 0;
    rep2 = 0;
    rep3 = 0;
  }

  /** Lets the dictionary begin at the current end of the output. */
  void startDictionary() {
    dictionary = outPos;
  }

  /** Steps over output that came by another way. */
  void skip(int length) {
    outPos += length;
  }

  /** Begins to read range-coded input at {@code from}, which ends before {@code to}. */
  void startInput(ByteView payload, int from, int to) {
    in = payload.array();
    base = -payload.arrayOffset();
    end = to - base;
    if (to - from < PREAMBLE) {
      throw runOut();
    }
    long start = payload.u32be(from + 1);
    if (payload.u8(from) != 0 || start == 0xffff_ffffL) {
      throw new KexecException(
          Reason.CORRUPT_PAYLOAD,
          String.format("no LZMA begins with the five bytes at offset 0x%x", from),
          XzDecompressor.DAMAGED);
    }
    range = 0xffff_ffffL;
    code = ~start;
    pos = from + PREAMBLE - base;
    safeEnd = Math.min(end, in.length - SYMBOL_MARGIN);
  }

  /**
   * Decodes until the output reaches {@code softEnd} (the last match may go beyond), or the end
   * marker.
   *
   * @param hardEnd where output must not go beyond; up to it bytes may be written early
   */
  void decode(int softEnd, int hardEnd) {
    while (outPos < softEnd && !endMarker) {
      if (pos > end) {
        throw runOut();
      }
      if (pos > safeEnd) {
        moveTail();
      }
      symbols(softEnd, hardEnd);
    }
    if (pos > end) {
      throw runOut();
    }
  }

  /** Decodes one symbol at the end of the output, where only an end marker is in order. */
  void decodeEndMarker(int hardEnd) {
    decode(hardEnd + 1, hardEnd);
  }

  /** Ends a run of input; false when it was not at an end that an encoder makes. */
  boolean finish() {
    if (range < TOP) {
      if (pos >= end) {
        throw runOut();
      }
      range <<= 8;
      code = code << 8 | ~in[pos++] & 0xff;
    }
    return code == -1;
  }

  /** Moves the last input to an array with room behind it: no symbol can read beyond that. */
  private void moveTail() {
    byte[] tail = Arrays.copyOf(Arrays.copyOfRange(in, pos, end), end - pos + SYMBOL_MARGIN);
    in = tail;
    base += pos;
    end -= pos;
    safeEnd = end;
    pos = 0;
  }

  /**
   * Decodes symbols while there is room and input for one more. A bit is decoded by arithmetic
   * where both values are likely, with {@code one} being -1 for a 1 and 0 for a 0, and by a branch
   * where something else follows from each.
   */
  private void symbols(int softEnd, int hardEnd) {
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
          throw overflow(pos, o);
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
              throw badDistance(pos, o, rep0);
            }
            if (o == hardEnd) {
              throw overflow(pos, o);
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
            endMarker = true;
            break;
          }
        }
      }
      if (Integer.compareUnsigned(rep0, o - dictionary) >= 0) {
        throw badDistance(pos, o, rep0);
      }
      if (length > hardEnd - o) {
        throw overflow(pos, o);
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

  private KexecException runOut() {
    return new KexecException(
        exhausted,
        String.format("LZMA input ends at offset 0x%x, within a symbol", base + end),
        XzDecompressor.DAMAGED);
  }

  private KexecException overflow(int pos, int at) {
    return pos > end
        ? runOut()
        : new KexecException(
            overflow,
            String.format("LZMA brings more output than fits, from offset 0x%x of it", at),
            XzDecompressor.DAMAGED);
  }

  private KexecException badDistance(int pos, int at, int rep0) {
    return pos > end
        ? runOut()
        : new KexecException(
            Reason.CORRUPT_PAYLOAD,
            String.format(
                "LZMA copies from 0x%x bytes back at output offset 0x%x",
                (rep0 & 0xffff_ffffL) + 1, at),
            XzDecompressor.DAMAGED);
  }
}
