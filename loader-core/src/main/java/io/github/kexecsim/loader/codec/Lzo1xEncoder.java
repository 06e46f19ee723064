package io.github.kexecsim.loader.codec;

import java.util.Arrays;

/**
 * Encodes blocks to LZO1X (see {@link Lzo1x}) with hash chains over three bytes; a match waits for
 * the one a byte further on where that saves more. Of the instructions it leaves out the two short
 * matches after literals. It has tables that blocks share: one thread at a time.
 */
final class Lzo1xEncoder {
  private static final int MIN_MATCH = 3;
  private static final int NEAR = 2 << 10;
  private static final int NEAR_LONGEST = 8;
  private static final int MIDDLE = 16 << 10;
  private static final int FAR = (48 << 10) - 1;
  private static final int CHAIN_LIMIT = 256;
  private static final int HASH_BITS = 15;

  private final int[] heads = new int[1 << HASH_BITS];
  private final int[] previous = new int[LzoDecompressor.BLOCK];

  private byte[] input;
  private int start;
  private int size;

  private byte[] output;
  private int out;

  private int matchLength;
  private int matchDistance;

  /** Encodes {@code length} bytes, at most {@link LzoDecompressor#BLOCK}, to a block of LZO1X. */
  byte[] encode(byte[] bytes, int from, int length) {
    input = bytes;
    start = from;
    size = length;
    // The worst is a match that saves one byte before literals that need two of their own.
    output = new byte[length + length / 16 + 67];
    out = 0;
    Arrays.fill(heads, -1);
    int literals = 0;
    int at = 0;
    int saved = findMatch(at);
    while (at < size) {
      int count = matchLength;
      int distance = matchDistance;
      insert(at);
      int savedByNext = findMatch(at + 1);
      if (saved <= 0 || savedByNext > saved) {
        at++;
        saved = savedByNext;
        continue;
      }
      putLiterals(literals, at - literals);
      putMatch(count, distance);
      for (int i = at + 1; i < at + count; i++) {
        insert(i);
      }
      at += count;
      literals = at;
      saved = findMatch(at);
    }
    putLiterals(literals, size - literals);
    put(0x11);
    put(0);
    put(0);
    return Arrays.copyOf(output, out);
  }

  /** Finds the match at {@code at} that saves most, and returns how many bytes it saves. */
  private int findMatch(int at) {
    int best = 0;
    matchLength = 0;
    if (size - at < MIN_MATCH) {
      return best;
    }
    int candidate = heads[hash(at)];
    for (int i = 0; i < CHAIN_LIMIT && candidate >= 0 && at - candidate <= FAR; i++) {
      int room = size - at;
      if (matchLength == room) {
        break;
      }
      if (input[start + candidate + matchLength] == input[start + at + matchLength]) {
        int length = commonLength(candidate, at, room);
        int saves = length - cost(length, at - candidate);
        if (length >= MIN_MATCH && saves > best) {
          best = saves;
          matchLength = length;
          matchDistance = at - candidate;
        }
      }
      candidate = previous[candidate];
    }
    return best;
  }

  private int commonLength(int one, int other, int most) {
    int a = start + one;
    int b = start + other;
    int differs = Arrays.mismatch(input, a, a + most, input, b, b + most);
    return differs < 0 ? most : differs;
  }

  private static int cost(int length, int distance) {
    if (distance <= NEAR && length <= NEAR_LONGEST) {
      return 2;
    }
    int field = distance <= MIDDLE ? 31 : 7;
    return 3 + (length - 2 <= field ? 0 : (length - 2 - field + 254) / 255);
  }

  private void insert(int at) {
    if (size - at >= MIN_MATCH) {
      int hash = hash(at);
      previous[at] = heads[hash];
      heads[hash] = at;
    }
  }

  private int hash(int at) {
    int i = start + at;
    int three = (input[i] & 0xff) << 16 | (input[i + 1] & 0xff) << 8 | (input[i + 2] & 0xff);
    return three * 0x9E3779B1 >>> 32 - HASH_BITS;
  }

  private void putLiterals(int at, int count) {
    if (count == 0) {
      return;
    }
    if (out == 0 && count <= 238) {
      put(count + 17);
    } else if (out > 0 && count <= 3) {
      // Into the two bits that every match leaves free in the last byte but one.
      output[out - 2] |= (byte) count;
    } else if (count <= 18) {
      put(count - 3);
    } else {
      put(0);
      putLength(count - 18);
    }
    System.arraycopy(input, start + at, output, out, count);
    out += count;
  }

  private void putMatch(int length, int distance) {
    if (distance <= NEAR && length <= NEAR_LONGEST) {
      put(length - 1 << 5 | (distance - 1 & 7) << 2);
      put(distance - 1 >>> 3);
    } else if (distance <= MIDDLE) {
      putLongMatch(32, 31, length - 2);
      put((distance - 1 & 0x3f) << 2);
      put(distance - 1 >>> 6);
    } else {
      int beyond = distance - MIDDLE;
      putLongMatch(16 | (beyond & 0x4000) >>> 11, 7, length - 2);
      put((beyond & 0x3f) << 2);
      put((beyond & 0x3fff) >>> 6);
    }
  }

  private void putLongMatch(int code, int field, int length) {
    if (length <= field) {
      put(code | length);
    } else {
      put(code);
      putLength(length - field);
    }
  }

  /** A length that goes on in bytes: zeros for 255 each, then 1 to 255. */
  private void putLength(int length) {
    int rest = length;
    for (; rest > 255; rest -= 255) {
      put(0);
    }
    put(rest);
  }

  private void put(int value) {
    output[out++] = (byte) value;
  }
}
