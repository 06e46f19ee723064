package io.github.kexecsim.sample;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * A stand-in for a kernel where only its bytes matter: an arm64 Image of any size with what a
 * kernel is made of, in like proportions and about as compressible: functions, strings, tables of
 * pointers, data and zeros. It cannot run. The same size gives the same bytes.
 */
public final class SyntheticKernel {
  private static final int MIN_SIZE = 64 << 10;
  private static final int HEADER = 64;
  private static final int ARM64_MAGIC = 0x644d_5241;
  private static final long ANYWHERE_4K_PAGES = 0xa;
  private static final long VIRTUAL_BASE = 0xffff_8000_8000_0000L;

  private static final int NOP = 0xd503201f;
  private static final int RET = 0xd65f03c0;
  private static final int PUSH_FRAME = 0xa9be7bfd; // stp x29, x30, [sp, #-32]!
  private static final int SET_FRAME = 0x910003fd; // mov x29, sp
  private static final int POP_FRAME = 0xa8c27bfd; // ldp x29, x30, [sp], #32
  private static final int BL = 0x94000000;
  private static final int CBZ = 0xb4000000;
  private static final int ADRP = 0x90000000;
  private static final int LDR = 0xf9400000;

  private static final int IDIOMS = 1500;
  private static final int COMMON_IDIOMS = 100;
  private static final int LONGEST_IDIOM = 6;
  private static final int SYMBOLS = 30_000;
  private static final int WORDS = 4000;
  private static final int ROW = 64;

  private final Random random = new Random(0);
  private final ByteBuffer out;

  private SyntheticKernel(int size) {
    out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Makes the image.
   *
   * @param size its size in bytes, at least 64 KiB and a multiple of 4 KiB
   */
  public static byte[] image(int size) {
    if (size < MIN_SIZE || size % 4096 != 0) {
      throw new IllegalArgumentException("size " + size);
    }
    return new SyntheticKernel(size).make();
  }

  private byte[] make() {
    int size = out.capacity();
    putHeader();
    putCode(size / 100 * 58);
    putStrings(size / 100 * 67);
    putPointers(size / 100 * 77);
    putTables(size / 100 * 90);
    // The rest stays zero, as padding and data that is set up at run time do.
    return out.array();
  }

  private void putHeader() {
    out.putInt(NOP).putInt(0x1400_000f).putLong(0).putLong(out.capacity());
    out.putLong(ANYWHERE_4K_PAGES).position(0x38).putInt(ARM64_MAGIC).position(HEADER);
  }

  /** Functions: a frame, instructions that mostly come in idioms, calls, branches. */
  private void putCode(int end) {
    int[][] idioms = new int[IDIOMS][];
    for (int i = 0; i < IDIOMS; i++) {
      idioms[i] = random.ints(1 + random.nextInt(LONGEST_IDIOM)).map(this::operation).toArray();
    }
    int[] symbols = random.ints(SYMBOLS, HEADER / 4, end / 4).toArray();
    while (out.position() < end - 4096) {
      out.putInt(PUSH_FRAME).putInt(SET_FRAME);
      for (int left = 4 + rare(60); left > 0; left--) {
        putStep(idioms, symbols);
      }
      out.putInt(POP_FRAME).putInt(RET);
      while (out.position() % 16 != 0) {
        out.putInt(NOP);
      }
    }
  }

  /** One instruction of few operations, with registers of which some are used more than others. */
  private int operation(int bits) {
    int operation = 0x0a00_0000 + (rare(96) << 24);
    return operation | (bits & 0x3) << 22 | rare(24) << 16 | rare(16) << 10 | rare(24) << 5;
  }

  private void putStep(int[][] idioms, int[] symbols) {
    int here = out.position() / 4;
    int kind = random.nextInt(100);
    if (kind < 12) {
      out.putInt(BL | (symbols[random.nextInt(SYMBOLS)] - here & 0x03ff_ffff));
    } else if (kind < 22) {
      out.putInt(CBZ | random.nextInt(40) << 5 | rare(8));
    } else if (kind < 32) {
      int register = rare(8);
      out.putInt(ADRP | rare(3000) << 5 | register);
      out.putInt(LDR | rare(512) << 10 | register << 5 | register);
    } else {
      int[] idiom = idioms[rare(random.nextInt(3) == 0 ? IDIOMS : COMMON_IDIOMS)];
      for (int instruction : idiom) {
        out.putInt(instruction ^ (random.nextBoolean() ? rare(32) | rare(16) << 16 : 0));
      }
    }
  }

  /** Messages and names, made of a vocabulary. */
  private void putStrings(int end) {
    byte[][] words = new byte[WORDS][];
    for (int i = 0; i < WORDS; i++) {
      StringBuilder word = new StringBuilder();
      for (int length = 2 + random.nextInt(7); length > 0; length--) {
        word.append("etaoinsrhldcumfpgwybvkxjqz_".charAt(rare(27)));
      }
      words[i] = word.toString().getBytes(StandardCharsets.US_ASCII);
    }
    while (out.position() < end - 256) {
      for (int count = 1 + random.nextInt(7); count > 0; count--) {
        out.put(words[rare(WORDS)]).put((byte) (count == 1 ? '\0' : ' '));
      }
    }
    out.position(out.position() / 8 * 8);
  }

  /** Tables of addresses, some ascending and some not. */
  private void putPointers(int end) {
    long address = VIRTUAL_BASE;
    while (out.position() < end - 8) {
      address =
          random.nextInt(4) == 0
              ? VIRTUAL_BASE + random.nextInt(out.capacity()) / 8 * 8
              : address + 8L * rare(64);
      out.putLong(address);
    }
  }

  /** Rows that differ from the one before in a few bytes. */
  private void putTables(int end) {
    byte[] row = new byte[ROW];
    while (out.position() < end - ROW) {
      for (int changed = rare(20); changed > 0; changed--) {
        row[random.nextInt(ROW)] = (byte) rare(256);
      }
      out.put(row);
    }
  }

  /** A number below {@code bound}, the smaller the likelier. */
  private int rare(int bound) {
    double d = random.nextDouble();
    return (int) (bound * d * d * d);
  }
}
