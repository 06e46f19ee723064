package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/**
 * Decodes runs of LZMA into a destination that is the dictionary at the same time: nothing is
 * copied twice, and what a stream claims of its dictionary's size is of no interest.
 */
final class LzmaDecoder {
  /** Output at a time: short, so that code compiled meanwhile is entered soon. */
  static final int SLICE = 1 << 16;

  /** Bytes that start every run: a zero, and the range decoder's first code. */
  private static final int PREAMBLE = 5;

  private static final long FULL_RANGE = 0xffff_ffffL;

  private final LzmaSymbols symbols;
  private final Reason exhausted;
  private final Reason overflow;

  /** Where the input ends in the array of {@link #symbols}. */
  private int end;

  /** What positions in that array must be increased by to be offsets in the payload. */
  private int base;

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
    this.symbols = new LzmaSymbols(out, outPos);
    this.exhausted = exhausted;
    this.overflow = overflow;
  }

  /** Where the output ends so far. */
  int produced() {
    return symbols.outPos;
  }

  /** The offset in the payload of the first byte not yet read. */
  int consumed() {
    return base + symbols.pos;
  }

  /** Whether the stream has said that it ends here. */
  boolean atEndMarker() {
    return endMarker;
  }

  /** Takes over new properties: lc 0 to 8, lp 0 to 4, pb 0 to 4. The state must be reset next. */
  void setProperties(int lc, int lp, int pb) {
    symbols.setProperties(lc, lp, pb);
  }

  /** Forgets everything learnt, but not the dictionary. */
  void resetState() {
    symbols.resetState();
  }

  /** Lets the dictionary begin at the current end of the output. */
  void startDictionary() {
    symbols.dictionary = symbols.outPos;
  }

  /** Steps over output that came by another way. */
  void skip(int length) {
    symbols.outPos += length;
  }

  /** Begins to read a run at {@code from}, which ends before {@code to}. */
  void startInput(ByteView payload, int from, int to) {
    base = -payload.arrayOffset();
    end = to - base;
    if (to - from < PREAMBLE) {
      throw runOut();
    }
    long code = payload.u32be(from + 1);
    if (payload.u8(from) != 0 || code == FULL_RANGE) {
      throw new KexecException(
          Reason.CORRUPT_PAYLOAD,
          String.format("no LZMA begins with the five bytes at offset 0x%x", from),
          XzDecompressor.DAMAGED);
    }
    symbols.in = payload.array();
    symbols.pos = from + PREAMBLE - base;
    symbols.safeEnd = Math.min(end, symbols.in.length - LzmaSymbols.MARGIN);
    symbols.range = FULL_RANGE;
    symbols.code = ~code;
  }

  /**
   * Decodes until the output reaches {@code softEnd} (the last match may go beyond), or the end
   * marker.
   *
   * @param hardEnd where output must not go beyond; bytes up to it may be written early
   */
  void decode(int softEnd, int hardEnd) {
    while (symbols.outPos < softEnd && !endMarker) {
      if (symbols.pos > symbols.safeEnd) {
        moveTail();
      }
      LzmaSymbols.Stop stop = symbols.decode(softEnd, hardEnd);
      if (symbols.pos > end) {
        throw runOut();
      }
      switch (stop) {
        case LIMIT -> {}
        case END_MARKER -> endMarker = true;
        case BAD_DISTANCE ->
            throw fault(Reason.CORRUPT_PAYLOAD, "copies from before the start of its dictionary");
        case OVERFLOW -> throw fault(overflow, "brings more output than there may be");
      }
    }
  }

  /** Decodes one symbol at the end of the output, where only an end marker is in order. */
  void decodeEndMarker(int hardEnd) {
    decode(hardEnd + 1, hardEnd);
  }

  /** Ends a run; false when it was not at an end that an encoder makes. */
  boolean finish() {
    if (symbols.range < LzmaSymbols.TOP) {
      if (symbols.pos >= end) {
        throw runOut();
      }
      symbols.range <<= 8;
      symbols.code = symbols.code << 8 | ~symbols.in[symbols.pos++] & 0xff;
    }
    return symbols.code == -1;
  }

  /** Moves the last input to an array with room behind it: no symbol can read beyond that. */
  private void moveTail() {
    int length = end - symbols.pos;
    byte[] tail = new byte[length + LzmaSymbols.MARGIN];
    System.arraycopy(symbols.in, symbols.pos, tail, 0, length);
    base += symbols.pos;
    end = length;
    symbols.in = tail;
    symbols.pos = 0;
    symbols.safeEnd = length;
  }

  private KexecException runOut() {
    return new KexecException(
        exhausted,
        String.format("LZMA input ends at offset 0x%x, within a symbol", base + end),
        XzDecompressor.DAMAGED);
  }

  private KexecException fault(Reason reason, String problem) {
    return new KexecException(
        reason,
        String.format(
            "LZMA before offset 0x%x %s, at output offset 0x%x",
            consumed(), problem, symbols.outPos),
        XzDecompressor.DAMAGED);
  }
}
