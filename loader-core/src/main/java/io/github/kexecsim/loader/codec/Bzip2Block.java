package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * One block of a bzip2 stream: its Huffman codes, its move-to-front transform and its runs of the
 * most recent byte undone, and the table that the inverse Burrows-Wheeler transform walks along.
 */
final class Bzip2Block {
  /** What a block begins with, 48 bits. */
  static final long MAGIC = 0x3141_5926_5359L;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /** Steps between two looks at whether the thread was interrupted. */
  private static final int PIECE = 1 << 16;

  private static final int GROUP_SIZE = 50;
  private static final int MAX_TABLES = 6;
  private static final int MAX_SYMBOLS = 258;
  private static final int MAX_CODE_BITS = 20;

  /** No block of 900 000 needs more selectors; further ones are read over, as bzip2 does. */
  private static final int MAX_SELECTORS = 18_002;

  /** Bits that index a decoding table: longer codes are rare, and compared by length. */
  private static final int TABLE_BITS = 10;

  private final byte[] src;
  private final int start;
  private final int limit;
  private final int[] next;

  private long position;
  private int origin;
  private int crc;
  private byte[] text;

  private Bzip2Block(ByteView payload, long bit, int[] next) {
    this.src = payload.array();
    this.start = payload.arrayOffset();
    this.limit = start + payload.size();
    this.position = ((long) start << 3) + bit;
    this.next = next;
  }

  /**
   * Decodes a block up to the inverse transform.
   *
   * @param payload what contains the stream
   * @param bit where the block's magic begins, in bits from the payload's start
   * @param next room for the transform's table; its length is the most that a block may hold
   * @param scratch room for the block's bytes before the transform, as long as {@code next}
   */
  static Bzip2Block decode(ByteView payload, long bit, int[] next, byte[] scratch) {
    Bzip2Block block = new Bzip2Block(payload, bit, next);
    block.read(scratch);
    return block;
  }

  /** Where the block ended, in bits from the payload's start. */
  long endBit() {
    return position - ((long) start << 3);
  }

  /** The block's bytes once {@link #invert} was called, with runs still packed. */
  byte[] text() {
    return text;
  }

  /** The checksum that the unpacked bytes must have. */
  int crc() {
    return crc;
  }

  /**
   * Undoes the Burrows-Wheeler transform of two blocks side by side: each step of a block waits for
   * memory, and both wait together.
   *
   * @throws KexecException {@link Reason#INTERRUPTED}, as the other steps do
   */
  static void invert(Bzip2Block a, Bzip2Block b) {
    int steps = Math.min(a.text.length, b.text.length);
    int[] nextA = a.next;
    int[] nextB = b.next;
    byte[] textA = a.text;
    byte[] textB = b.text;
    int entryA = a.origin << 8;
    int entryB = b.origin << 8;
    for (int from = 0; from < steps; from += PIECE) {
      StopOnInterrupt.check();
      int end = Math.min(from + PIECE, steps);
      for (int i = from; i < end; i++) {
        entryA = nextA[entryA >>> 8];
        entryB = nextB[entryB >>> 8];
        textA[i] = (byte) entryA;
        textB[i] = (byte) entryB;
      }
    }
    a.origin = entryA >>> 8;
    b.origin = entryB >>> 8;
    a.invertFrom(steps);
    b.invertFrom(steps);
  }

  /** Undoes the transform of this block alone. */
  void invert() {
    invertFrom(0);
  }

  private void invertFrom(int done) {
    int entry = origin << 8;
    for (int from = done; from < text.length; from += PIECE) {
      StopOnInterrupt.check();
      int end = Math.min(from + PIECE, text.length);
      for (int i = from; i < end; i++) {
        entry = next[entry >>> 8];
        text[i] = (byte) entry;
      }
    }
  }

  private void read(byte[] scratch) {
    if (take(24) << 24 != (MAGIC & 0xffff_ff00_0000L) || take(24) != (MAGIC & 0xff_ffffL)) {
      throw fail("no block magic");
    }
    crc = (int) (take(16) << 16 | take(16));
    if (take(1) != 0) {
      throw fail("block randomised, as bzip2 0.9.0 did");
    }
    origin = (int) take(24);
    byte[] order = readAlphabet();
    int tables = (int) take(3);
    if (tables < 2 || tables > MAX_TABLES) {
      throw fail(tables + " Huffman tables, expected 2 to 6");
    }
    byte[] selectors = readSelectors(tables);
    Codes codes = new Codes();
    for (int i = 0; i < tables; i++) {
      readTable(codes, i, order.length + 2);
    }
    int[] counts = new int[256];
    int length = readSymbols(order, selectors, codes, counts, scratch);
    if (position > (long) limit << 3) {
      throw truncated();
    }
    if (origin >= length) {
      throw fail(String.format("origin 0x%x in a block of 0x%x bytes", origin, length));
    }
    int sum = 0;
    for (int i = 0; i < 256; i++) {
      int count = counts[i];
      counts[i] = sum;
      sum += count;
    }
    link(scratch, next, counts, length);
    text = new byte[length];
  }

  private static void link(byte[] text, int[] next, int[] starts, int length) {
    for (int i = 0; i < length; i++) {
      int value = text[i] & 0xff;
      next[starts[value]++] = i << 8 | value;
    }
  }

  /** The bytes that occur, ascending: the start of the move-to-front list. */
  private byte[] readAlphabet() {
    byte[] order = new byte[256];
    int size = 0;
    int rows = (int) take(16);
    for (int row = 0; row < 16; row++) {
      if ((rows & 0x8000 >> row) == 0) {
        continue;
      }
      int columns = (int) take(16);
      for (int column = 0; column < 16; column++) {
        if ((columns & 0x8000 >> column) != 0) {
          order[size++] = (byte) (row << 4 | column);
        }
      }
    }
    if (size == 0) {
      throw fail("block without bytes");
    }
    return Arrays.copyOf(order, size);
  }

  private byte[] readSelectors(int tables) {
    int count = (int) take(15);
    if (count == 0) {
      throw fail("block without selectors");
    }
    byte[] order = {0, 1, 2, 3, 4, 5};
    byte[] selectors = new byte[Math.min(count, MAX_SELECTORS)];
    for (int i = 0; i < count; i++) {
      int rank = 0;
      while (take(1) == 1) {
        if (++rank >= tables) {
          throw fail("selector of a table that is not there");
        }
      }
      byte table = order[rank];
      System.arraycopy(order, 0, order, 1, rank);
      order[0] = table;
      if (i < selectors.length) {
        selectors[i] = table;
      }
      if (position > (long) limit << 3) {
        throw truncated();
      }
    }
    return selectors;
  }

  private void readTable(Codes codes, int table, int symbols) {
    byte[] lengths = new byte[symbols];
    int bits = (int) take(5);
    for (int i = 0; i < symbols; i++) {
      while (true) {
        if (bits < 1 || bits > MAX_CODE_BITS) {
          throw fail("code length " + bits + ", expected 1 to 20");
        }
        if (take(1) == 0) {
          break;
        }
        bits += take(1) == 0 ? 1 : -1;
      }
      lengths[i] = (byte) bits;
    }
    codes.build(table, lengths);
  }

  /** Decodes the symbols up to the end of the block; returns how many bytes they make. */
  private int readSymbols(byte[] order, byte[] selectors, Codes codes, int[] counts, byte[] text) {
    int capacity = next.length;
    int end = order.length + 1;
    long position = this.position;
    int size = 0;
    int run = 0;
    int runShift = 0;
    for (byte selector : selectors) {
      StopOnInterrupt.check();
      if (position > (long) limit << 3) {
        throw truncated();
      }
      short[] table = codes.tables[selector];
      long bits = 0;
      int left = 0;
      for (int i = 0; i < GROUP_SIZE; i++) {
        if (left < MAX_CODE_BITS) {
          bits = peek(position);
          left = 57;
        }
        int entry = table[(int) (bits >>> 64 - TABLE_BITS)];
        if (entry == 0) {
          entry = codes.findLong(selector, bits);
          if (entry == 0) {
            this.position = position + MAX_CODE_BITS;
            throw fail("unused code");
          }
        }
        int used = entry & 31;
        bits <<= used;
        left -= used;
        position += used;
        int symbol = entry >>> 5;
        if (symbol <= 1) {
          if (runShift > 20) {
            this.position = position;
            throw fail("run longer than a block");
          }
          run += symbol + 1 << runShift++;
          continue;
        }
        if (runShift > 0) {
          if (run > capacity - size) {
            this.position = position;
            throw fail("block longer than its stream's block size");
          }
          byte value = order[0];
          counts[value & 0xff] += run;
          Arrays.fill(text, size, size + run, value);
          size += run;
          run = 0;
          runShift = 0;
        }
        if (symbol == end) {
          this.position = position;
          return size;
        }
        if (size == capacity) {
          this.position = position;
          throw fail("block longer than its stream's block size");
        }
        byte value = toFront(order, symbol - 1);
        counts[value & 0xff]++;
        text[size++] = value;
      }
    }
    this.position = position;
    throw fail("no selector left before the block's end");
  }

  private static byte toFront(byte[] order, int rank) {
    byte value = order[rank];
    if (rank < 16) {
      for (int i = rank; i > 0; i--) {
        order[i] = order[i - 1];
      }
    } else {
      System.arraycopy(order, 0, order, 1, rank);
    }
    order[0] = value;
    return value;
  }

  /** The next 57 bits or more, highest first; zeros behind the input's end. */
  private long peek(long at) {
    int index = (int) (at >>> 3);
    long word = index <= limit - 8 ? (long) LONG.get(src, index) : peekTail(index);
    return word << (at & 7);
  }

  private long peekTail(int index) {
    long word = 0;
    for (int i = 0; i < 8; i++) {
      word = word << 8 | (index + i < limit ? src[index + i] & 0xff : 0);
    }
    return word;
  }

  /** Takes 1 to 24 bits, zeros behind the end: whoever loops on them looks at the position. */
  private long take(int count) {
    long value = peek(position) >>> 64 - count;
    position += count;
    return value;
  }

  private KexecException fail(String message) {
    if (position > (long) limit << 3) {
      return truncated();
    }
    return new KexecException(
        Reason.CORRUPT_PAYLOAD,
        String.format("bzip2: %s, before bit 0x%x of the payload", message, endBit()),
        "the payload is damaged: fetch it again");
  }

  private KexecException truncated() {
    return new KexecException(
        Reason.TRUNCATED,
        String.format("bzip2 stream goes on behind the payload's 0x%x bytes", limit - start),
        "the file may be cut short: compare its size with the original's");
  }

  /** The Huffman codes of a block: a table by the first bits, and the long codes by length. */
  private static final class Codes {
    /** By table and first bits: symbol << 5 | length, 0 where the code is longer or not used. */
    final short[][] tables = new short[MAX_TABLES][];

    private final int[][] firstCode = new int[MAX_TABLES][MAX_CODE_BITS + 2];
    private final int[][] firstIndex = new int[MAX_TABLES][MAX_CODE_BITS + 2];
    private final short[][] sorted = new short[MAX_TABLES][MAX_SYMBOLS];

    /** Sets that lack codes, or have too many, do as far as they are used: as in bzip2. */
    void build(int index, byte[] lengths) {
      int[] first = firstCode[index];
      int[] starts = firstIndex[index];
      for (byte bits : lengths) {
        starts[bits + 1]++;
      }
      int code = 0;
      for (int bits = 1; bits <= MAX_CODE_BITS; bits++) {
        first[bits] = code;
        code = code + starts[bits + 1] << 1;
        starts[bits + 1] += starts[bits];
      }
      int[] next = starts.clone();
      for (int symbol = 0; symbol < lengths.length; symbol++) {
        sorted[index][next[lengths[symbol]]++] = (short) symbol;
      }
      tables[index] = new short[1 << TABLE_BITS];
      int filled = 0;
      for (int bits = 1; bits <= TABLE_BITS; bits++) {
        for (int i = starts[bits]; i < starts[bits + 1] && filled < 1 << TABLE_BITS; i++) {
          int end = filled + (1 << TABLE_BITS - bits);
          Arrays.fill(tables[index], filled, end, (short) (sorted[index][i] << 5 | bits));
          filled = end;
        }
      }
    }

    /** The entry of a code that is too long for the table, or 0 for one that is not used. */
    int findLong(int index, long word) {
      int[] first = firstCode[index];
      int[] starts = firstIndex[index];
      for (int bits = TABLE_BITS + 1; bits <= MAX_CODE_BITS; bits++) {
        int rank = (int) (word >>> 64 - bits) - first[bits];
        if (rank >= 0 && rank < starts[bits + 1] - starts[bits]) {
          return sorted[index][starts[bits] + rank] << 5 | bits;
        }
      }
      return 0;
    }
  }
}
