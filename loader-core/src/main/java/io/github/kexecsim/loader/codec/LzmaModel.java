package io.github.kexecsim.loader.codec;

import java.util.Arrays;

/**
 * Where LZMA's adaptive probabilities stand in one array: the chance that a bit is 0, in 1/2048.
 * The array's length is a power of two, so that an index cut with {@code length - 1} needs no
 * bounds check.
 */
final class LzmaModel {
  static final int STATES = 12;

  /** By state and position in the output, 16 places a state: literal or match. */
  static final int IS_MATCH = 0;

  /** By state: a distance of its own, or a repeated one. */
  static final int IS_REP = IS_MATCH + STATES * 16;

  /** By state: the latest distance, or an older one. */
  static final int IS_REP0 = IS_REP + STATES;

  /** By state: the second latest distance, or an older one. */
  static final int IS_REP1 = IS_REP0 + STATES;

  /** By state: the third latest distance, or the fourth. */
  static final int IS_REP2 = IS_REP1 + STATES;

  /** As {@link #IS_MATCH}: one byte at the latest distance, or more. */
  static final int IS_REP0_LONG = IS_REP2 + STATES;

  /** Four trees of 64, by length. */
  static final int DISTANCE_SLOT = IS_REP0_LONG + STATES * 16;

  /** The trees of slots 4 to 13, packed: a slot's begins at its lowest distance less its number. */
  static final int DISTANCE_LOW_BITS = DISTANCE_SLOT + 4 * 64;

  /** One tree of 16: the lowest four bits of the distances above. */
  static final int DISTANCE_ALIGN = DISTANCE_LOW_BITS + 128;

  /** The lengths of matches with distances of their own. */
  static final int MATCH_LENGTH = DISTANCE_ALIGN + 16;

  /** Within lengths: two choices, then by position 16 trees of 8, then again, then one of 256. */
  static final int LENGTH_LOW = 2;

  static final int LENGTH_MID = LENGTH_LOW + 16 * 8;
  static final int LENGTH_HIGH = LENGTH_MID + 16 * 8;

  /** The lengths of matches with repeated distances. */
  static final int REP_LENGTH = MATCH_LENGTH + LENGTH_HIGH + 256;

  /** One coder for each context that lc and lp tell apart. */
  static final int LITERAL = REP_LENGTH + LENGTH_HIGH + 256;

  /** A tree of 256, and two more for when the byte at the latest distance is known. */
  static final int LITERAL_CODER = 0x300;

  private static final int EVEN = 1024;

  private LzmaModel() {}

  /** An array for this many literal contexts: {@code lc + lp} bits, 12 at most (8 MiB). */
  static char[] allocate(int contextBits) {
    int size = LITERAL + (LITERAL_CODER << contextBits);
    return new char[Integer.highestOneBit(size - 1) << 1];
  }

  /** Forgets everything learnt. */
  static void reset(char[] probabilities) {
    Arrays.fill(probabilities, (char) EVEN);
  }
}
