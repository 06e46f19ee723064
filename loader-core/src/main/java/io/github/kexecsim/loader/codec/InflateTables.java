package io.github.kexecsim.loader.codec;

import java.util.Arrays;

/**
 * The decoding tables of one DEFLATE block (RFC 1951), looked up with the next bits of the stream.
 * An entry holds all there is to know, so that the decoder needs no second table: how many bits to
 * drop, and up to two symbols.
 */
final class InflateTables {
  /** Bits that index {@link #litlen}; longer codes go on in a subtable behind it. */
  static final int LITLEN_BITS = 11;

  /** Bits that index {@link #dist}. */
  static final int DIST_BITS = 9;

  /*
   * An entry of litlen, from bit 0: the bits to drop (6), MATCH, EXCEPTION, how many literals (2),
   * then for exceptions extra bits (3), END, SUBTABLE, LONG_LENGTH. On top, the first literal and
   * either the second one or the match length less 3 (8 each); for exceptions the base of the
   * length or the subtable's start (16). The extra bits of a length are part of the index where
   * they fit: then the entry is a MATCH, and LONG_LENGTH otherwise.
   */
  static final int MATCH = 1 << 6;
  static final int EXCEPTION = 1 << 7;
  static final int ONE_LITERAL = 1 << 8;
  static final int END = 1 << 13;
  static final int SUBTABLE = 1 << 14;
  static final int LONG_LENGTH = 1 << 15;

  /*
   * An entry of dist, from bit 0: the bits to drop (8), the extra bits (6), DIST_EXCEPTION,
   * DIST_SUBTABLE; at bit 32 the mask of the extra bits (16), and the base or the subtable's start.
   */
  static final int DIST_EXCEPTION = 1 << 14;
  static final int DIST_SUBTABLE = 1 << 15;

  static final int MAX_BITS = 15;
  static final int LITLEN_SYMBOLS = 288;
  static final int DIST_SYMBOLS = 32;
  private static final int END_OF_BLOCK = 256;
  private static final int FIRST_LENGTH = 257;
  private static final int LAST_LENGTH = 285;

  /** Base and number of extra bits of each length and distance symbol, as base << 16 | extra. */
  private static final int[] LENGTHS = new int[LAST_LENGTH - FIRST_LENGTH + 1];

  private static final int[] DISTANCES = new int[30];

  static {
    int base = 3;
    for (int i = 0; i < LENGTHS.length - 1; i++) {
      int extra = i < 8 ? 0 : (i - 4) >> 2;
      LENGTHS[i] = base << 16 | extra;
      base += 1 << extra;
    }
    LENGTHS[LENGTHS.length - 1] = 258 << 16;
    base = 1;
    for (int i = 0; i < DISTANCES.length; i++) {
      int extra = i < 4 ? 0 : (i - 2) >> 1;
      DISTANCES[i] = base << 16 | extra;
      base += 1 << extra;
    }
  }

  /** What a code set may lack, where a complete one is not the only one that is allowed. */
  private static final int COMPLETE = 0;

  private static final int SINGLE = 1;
  private static final int EMPTY = 2;

  // Subtables need at most 294 entries for 288 symbols and 82 for 32 (zlib's enough.c).
  final int[] litlen = new int[(1 << LITLEN_BITS) + 512];
  final long[] dist = new long[(1 << DIST_BITS) + 128];

  private final int[] single = new int[1 << LITLEN_BITS];
  private final int[] codes = new int[LITLEN_SYMBOLS];
  private final int[] sorted = new int[LITLEN_SYMBOLS];
  private final int[] count = new int[MAX_BITS + 1];
  private final int[] offsets = new int[MAX_BITS + 2];
  private boolean fixed;

  /** Makes the tables of a block with fixed codes. */
  void buildFixed() {
    if (fixed) {
      return;
    }
    byte[] lengths = new byte[LITLEN_SYMBOLS + DIST_SYMBOLS];
    Arrays.fill(lengths, 0, 144, (byte) 8);
    Arrays.fill(lengths, 144, 256, (byte) 9);
    Arrays.fill(lengths, 256, 280, (byte) 7);
    Arrays.fill(lengths, 280, 288, (byte) 8);
    Arrays.fill(lengths, LITLEN_SYMBOLS, lengths.length, (byte) 5);
    build(lengths, LITLEN_SYMBOLS, DIST_SYMBOLS);
    fixed = true;
  }

  /**
   * Makes the tables of a block with dynamic codes.
   *
   * @param lengths code lengths, 0 to 15: of the literals and lengths, then of the distances
   * @return whether both sets are ones that a decoder accepts: complete, or a single code of one
   *     bit, or no distance code
   */
  boolean build(byte[] lengths, int litlenSymbols, int distSymbols) {
    fixed = false;
    return buildLitlen(lengths, litlenSymbols) && buildDist(lengths, litlenSymbols, distSymbols);
  }

  /**
   * Makes a plain table of 7 bits for the code length codes: symbol << 3 | bits.
   *
   * @return whether the set is complete
   */
  boolean buildPrecode(byte[] lengths, byte[] table) {
    if (sort(lengths, 0, lengths.length) != COMPLETE) {
      return false;
    }
    int code = 0;
    int next = 0;
    for (int bits = 1; bits <= 7; bits++) {
      for (int i = count[bits]; i > 0; i--) {
        byte entry = (byte) (sorted[next++] << 3 | bits);
        for (int k = code; k < 128; k += 1 << bits) {
          table[k] = entry;
        }
        code = increment(code, bits);
      }
    }
    return true;
  }

  /** Counts and sorts the symbols by code length; -1 for a set that is over-subscribed or lacks. */
  private int sort(byte[] lengths, int from, int symbols) {
    Arrays.fill(count, 0);
    for (int i = 0; i < symbols; i++) {
      count[lengths[from + i]]++;
    }
    int used = 0;
    for (int bits = 1; bits <= MAX_BITS; bits++) {
      used += count[bits] << (MAX_BITS - bits);
    }
    int codes = symbols - count[0];
    count[0] = 0;
    offsets[1] = 0;
    for (int bits = 1; bits <= MAX_BITS; bits++) {
      offsets[bits + 1] = offsets[bits] + count[bits];
    }
    for (int i = 0; i < symbols; i++) {
      int bits = lengths[from + i];
      if (bits != 0) {
        sorted[offsets[bits]++] = i;
      }
    }
    if (used == 1 << MAX_BITS) {
      return COMPLETE;
    }
    if (codes == 0) {
      return EMPTY;
    }
    return codes == 1 && count[1] == 1 ? SINGLE : -1;
  }

  private boolean buildLitlen(byte[] lengths, int symbols) {
    int kind = sort(lengths, 0, symbols);
    if (kind == SINGLE) {
      // Only the end of the block can be coded: the caller has seen that it is.
      for (int i = 0; i < 1 << LITLEN_BITS; i++) {
        litlen[i] = (i & 1) == 0 ? litlenEntry(sorted[0]) + 1 : EXCEPTION + 1;
      }
      return true;
    }
    if (kind != COMPLETE) {
      return false;
    }
    int code = 0;
    int next = 0;
    int size = 1;
    int bits = 0;
    while (code >= 0 && bits < LITLEN_BITS) {
      bits++;
      System.arraycopy(litlen, 0, litlen, size, size);
      size <<= 1;
      for (int i = count[bits]; i > 0; i--) {
        int symbol = sorted[next++];
        codes[symbol] = code;
        litlen[code] = litlenEntry(symbol) + bits;
        code = increment(code, bits);
      }
    }
    for (; size < 1 << LITLEN_BITS; size <<= 1) {
      System.arraycopy(litlen, 0, litlen, size, size);
    }
    int primary = next;
    if (code >= 0) {
      buildLitlenSubtables(code, next);
    }
    resolveLengths(lengths, symbols);
    combineLiterals(lengths, primary);
    return true;
  }

  private void buildLitlenSubtables(int firstCode, int firstSymbol) {
    int code = firstCode;
    int next = firstSymbol;
    int prefix = -1;
    int start = 0;
    int free = 1 << LITLEN_BITS;
    int subBits = 0;
    for (int bits = LITLEN_BITS + 1; bits <= MAX_BITS; bits++) {
      for (int left = count[bits]; left > 0; left--) {
        if ((code & (1 << LITLEN_BITS) - 1) != prefix) {
          prefix = code & (1 << LITLEN_BITS) - 1;
          subBits = subtableBits(bits, left, LITLEN_BITS);
          start = free;
          free += 1 << subBits;
          litlen[prefix] = start << 16 | SUBTABLE | EXCEPTION | subBits << 10 | LITLEN_BITS;
        }
        int rest = bits - LITLEN_BITS;
        int entry = litlenEntry(sorted[next++]) + rest;
        for (int k = code >>> LITLEN_BITS; k < 1 << subBits; k += 1 << rest) {
          litlen[start + k] = entry;
        }
        code = increment(code, bits);
      }
    }
  }

  /** Spreads the lengths whose extra bits fit into the index, an entry for each value. */
  private void resolveLengths(byte[] lengths, int symbols) {
    for (int symbol = FIRST_LENGTH; symbol < symbols && symbol <= LAST_LENGTH; symbol++) {
      int extra = LENGTHS[symbol - FIRST_LENGTH] & 15;
      int bits = lengths[symbol];
      int total = bits + extra;
      if (extra == 0 || bits == 0 || total > LITLEN_BITS) {
        continue;
      }
      int entry = ((LENGTHS[symbol - FIRST_LENGTH] >>> 16) - 3 << 24) + MATCH + total;
      for (int i = 0; i < 1 << extra; i++) {
        for (int k = codes[symbol] | i << bits; k < 1 << LITLEN_BITS; k += 1 << total) {
          litlen[k] = entry;
        }
        entry += 1 << 24;
      }
    }
  }

  /** Appends to each literal what follows it, where the index knows all bits of both. */
  private void combineLiterals(byte[] lengths, int primary) {
    int shortest = lengths[sorted[0]];
    int copied = 0;
    for (int i = 0; i < primary; i++) {
      int symbol = sorted[i];
      if (symbol >= END_OF_BLOCK) {
        continue;
      }
      int bits = lengths[symbol];
      int rest = LITLEN_BITS - bits;
      if (rest < shortest) {
        return;
      }
      if (copied == 0) {
        copied = 1 << rest;
        System.arraycopy(litlen, 0, single, 0, copied);
      }
      combine(litlen, single, codes[symbol], rest, symbol << 16 | ONE_LITERAL | bits);
    }
  }

  private static void combine(int[] table, int[] single, int code, int rest, int literal) {
    int step = 1 << LITLEN_BITS - rest;
    int k = code;
    for (int i = 0; i < 1 << rest; i++) {
      int entry = single[i];
      if ((entry & (EXCEPTION | 63)) <= rest) {
        table[k] = (entry & 0xff00_ffff) + literal;
      }
      k += step;
    }
  }

  private boolean buildDist(byte[] lengths, int from, int symbols) {
    int kind = sort(lengths, from, symbols);
    if (kind == SINGLE || kind == EMPTY) {
      Arrays.fill(dist, 0, 1 << DIST_BITS, DIST_EXCEPTION + 1);
      for (int i = 0; kind == SINGLE && i < 1 << DIST_BITS; i += 2) {
        dist[i] = distEntry(sorted[0]) + 1;
      }
      return true;
    }
    if (kind != COMPLETE) {
      return false;
    }
    int code = 0;
    int next = 0;
    int size = 1;
    int bits = 0;
    while (code >= 0 && bits < DIST_BITS) {
      bits++;
      System.arraycopy(dist, 0, dist, size, size);
      size <<= 1;
      for (int i = count[bits]; i > 0; i--) {
        dist[code] = distEntry(sorted[next++]) + bits;
        code = increment(code, bits);
      }
    }
    for (; size < 1 << DIST_BITS; size <<= 1) {
      System.arraycopy(dist, 0, dist, size, size);
    }
    if (code >= 0) {
      buildDistSubtables(code, next);
    }
    return true;
  }

  private void buildDistSubtables(int firstCode, int firstSymbol) {
    int code = firstCode;
    int next = firstSymbol;
    int prefix = -1;
    int start = 0;
    int free = 1 << DIST_BITS;
    int subBits = 0;
    for (int bits = DIST_BITS + 1; bits <= MAX_BITS; bits++) {
      for (int left = count[bits]; left > 0; left--) {
        if ((code & (1 << DIST_BITS) - 1) != prefix) {
          prefix = code & (1 << DIST_BITS) - 1;
          subBits = subtableBits(bits, left, DIST_BITS);
          start = free;
          free += 1 << subBits;
          dist[prefix] =
              (long) start << 48 | DIST_SUBTABLE | DIST_EXCEPTION | subBits << 8 | DIST_BITS;
        }
        int rest = bits - DIST_BITS;
        long entry = distEntry(sorted[next++]) + rest;
        for (int k = code >>> DIST_BITS; k < 1 << subBits; k += 1 << rest) {
          dist[start + k] = entry;
        }
        code = increment(code, bits);
      }
    }
  }

  /** How many bits index the subtable that begins with {@code left} more codes of {@code bits}. */
  private int subtableBits(int bits, int left, int primaryBits) {
    int subBits = bits - primaryBits;
    int used = left;
    for (int b = bits; used < 1 << subBits; subBits++) {
      used = (used << 1) + count[++b];
    }
    return subBits;
  }

  private static int litlenEntry(int symbol) {
    if (symbol < END_OF_BLOCK) {
      // Twice, so that combining finds it where a second literal goes.
      return symbol << 24 | symbol << 16 | ONE_LITERAL;
    }
    if (symbol == END_OF_BLOCK) {
      return EXCEPTION | END;
    }
    if (symbol > LAST_LENGTH) {
      return EXCEPTION;
    }
    int length = LENGTHS[symbol - FIRST_LENGTH];
    int extra = length & 15;
    return extra == 0
        ? (length >>> 16) - 3 << 24 | MATCH
        : length & 0xffff_0000 | EXCEPTION | LONG_LENGTH | extra << 10;
  }

  private static long distEntry(int symbol) {
    if (symbol >= DISTANCES.length) {
      return DIST_EXCEPTION;
    }
    int extra = DISTANCES[symbol] & 15;
    long base = DISTANCES[symbol] >>> 16;
    return base << 48 | (1L << extra) - 1 << 32 | extra << 8;
  }

  /** The next code of {@code bits} bits, both with the first bit lowest; -1 after the last one. */
  private static int increment(int code, int bits) {
    int zeros = ~code & (1 << bits) - 1;
    if (zeros == 0) {
      return -1;
    }
    int top = Integer.highestOneBit(zeros);
    return code & top - 1 | top;
  }
}
