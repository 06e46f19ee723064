package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Arrays;

/**
 * A gzip member's deflate stream (RFC 1951), symbol by symbol: its lengths only, as no symbol's
 * meaning depends on what was decoded before.
 */
final class DeflatePositions implements Positions {
  private static final int FHCRC = 2;
  private static final int FEXTRA = 4;
  private static final int FNAME = 8;
  private static final int FCOMMENT = 16;
  private static final int MAX_BITS = 15;
  private static final int END_OF_BLOCK = 256;
  private static final int[] LENGTH_ORDER = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
  };
  private static final int[] LENGTH_BASE = {
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258
  };

  private ByteView payload;
  private int at;
  private int bits;
  private int held;
  private int produced;

  @Override
  public void follow(ByteView wholePayload, int size, Progress positions) {
    payload = wholePayload;
    skipHeader();
    boolean last = false;
    while (!last) {
      last = take(1) != 0;
      switch (take(2)) {
        case 0 -> stored(positions);
        case 1 -> symbols(fixedLengths(), new Code(equalLengths(5, 30), 0, 30), positions);
        case 2 -> dynamic(positions);
        default -> throw corrupt("block type 3");
      }
    }
  }

  /** RFC 1952: ten bytes, then what the flags announce. */
  private void skipHeader() {
    int flags = payload.u8(3);
    at = 10;
    if ((flags & FEXTRA) != 0) {
      at += 2 + payload.u16le(at);
    }
    for (int flag : new int[] {FNAME, FCOMMENT}) {
      while ((flags & flag) != 0 && payload.u8(at++) != 0) {}
    }
    at += (flags & FHCRC) != 0 ? 2 : 0;
  }

  private void stored(Progress positions) {
    bits = 0;
    held = 0;
    int length = payload.u16le(at);
    at += 4 + length;
    produced += length;
    positions.at(at, produced);
  }

  private static Code fixedLengths() {
    int[] lengths = equalLengths(8, 288);
    for (int symbol = 144; symbol < 280; symbol++) {
      lengths[symbol] = symbol < 256 ? 9 : 7;
    }
    return new Code(lengths, 0, 288);
  }

  private static int[] equalLengths(int length, int count) {
    int[] lengths = new int[count];
    Arrays.fill(lengths, length);
    return lengths;
  }

  private void dynamic(Progress positions) {
    int literals = take(5) + 257;
    int distances = take(5) + 1;
    int lengthCodes = take(4) + 4;
    int[] lengthLengths = new int[LENGTH_ORDER.length];
    for (int i = 0; i < lengthCodes; i++) {
      lengthLengths[LENGTH_ORDER[i]] = take(3);
    }
    Code lengthCode = new Code(lengthLengths, 0, lengthLengths.length);
    int[] lengths = new int[literals + distances];
    int count = 0;
    while (count < lengths.length) {
      int symbol = symbol(lengthCode);
      if (symbol < 16) {
        lengths[count++] = symbol;
        continue;
      }
      int repeated = symbol == 16 && count > 0 ? lengths[count - 1] : 0;
      int times =
          switch (symbol) {
            case 16 -> 3 + take(2);
            case 17 -> 3 + take(3);
            default -> 11 + take(7);
          };
      if (times > lengths.length - count) {
        throw corrupt("code lengths do not fit");
      }
      Arrays.fill(lengths, count, count + times, repeated);
      count += times;
    }
    symbols(new Code(lengths, 0, literals), new Code(lengths, literals, distances), positions);
  }

  private void symbols(Code literals, Code distances, Progress positions) {
    int symbol;
    while ((symbol = symbol(literals)) != END_OF_BLOCK) {
      if (symbol < END_OF_BLOCK) {
        produced++;
      } else {
        int length = symbol - 257;
        if (length >= LENGTH_BASE.length) {
          throw corrupt("a length that is none");
        }
        produced += LENGTH_BASE[length] + take(length < 8 || length == 28 ? 0 : length / 4 - 1);
        int distance = symbol(distances);
        take(distance < 4 ? 0 : distance / 2 - 1);
      }
      positions.at(at, produced);
    }
  }

  /** Reads no byte before it is needed. */
  private int take(int count) {
    while (held < count) {
      bits |= payload.u8(at++) << held;
      held += 8;
    }
    int value = bits & (1 << count) - 1;
    bits >>>= count;
    held -= count;
    return value;
  }

  private int symbol(Code code) {
    int word = 0;
    int first = 0;
    int index = 0;
    for (int length = 1; length <= MAX_BITS; length++) {
      word |= take(1);
      int count = code.counts[length];
      if (word - first < count) {
        return code.symbols[index + word - first];
      }
      index += count;
      first = first + count << 1;
      word <<= 1;
    }
    throw corrupt("a code that is none");
  }

  private RuntimeException corrupt(String what) {
    return CodecFault.corrupt(CompressionMethod.GZIP, at, what);
  }

  /** A canonical Huffman code: how many words of each length, and their symbols in order. */
  private static final class Code {
    private final int[] counts = new int[MAX_BITS + 1];
    private final int[] symbols;

    Code(int[] lengths, int from, int size) {
      int[] next = new int[MAX_BITS + 2];
      for (int i = 0; i < size; i++) {
        counts[lengths[from + i]]++;
      }
      counts[0] = 0;
      for (int length = 1; length <= MAX_BITS; length++) {
        next[length + 1] = next[length] + counts[length];
      }
      symbols = new int[size];
      for (int i = 0; i < size; i++) {
        int length = lengths[from + i];
        if (length != 0) {
          symbols[next[length]++] = i;
        }
      }
    }
  }
}
