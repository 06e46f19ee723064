package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Arrays;

/**
 * LZMA as its specification has it, without a thought of speed: reads no byte before it is needed
 * and reports after every symbol how far it has come.
 */
final class LzmaReference {
  private static final int STATES = 12;
  private static final int POSITION_STATES = 16;
  private static final int LENGTH_MODEL = 2 + 2 * (POSITION_STATES << 3) + 256;

  // Where each of the models stands in the one array of probabilities.
  private static final int IS_MATCH = 0;
  private static final int IS_REP = IS_MATCH + STATES * POSITION_STATES;
  private static final int IS_REP0 = IS_REP + STATES;
  private static final int IS_REP1 = IS_REP0 + STATES;
  private static final int IS_REP2 = IS_REP1 + STATES;
  private static final int IS_REP0_LONG = IS_REP2 + STATES;
  private static final int SLOT = IS_REP0_LONG + STATES * POSITION_STATES;
  private static final int SPECIAL = SLOT + 4 * 64;
  private static final int ALIGN = SPECIAL + 115;
  private static final int MATCH_LENGTH = ALIGN + 16;
  private static final int REP_LENGTH = MATCH_LENGTH + LENGTH_MODEL;
  private static final int LITERAL = REP_LENGTH + LENGTH_MODEL;

  private final ByteView input;
  private final byte[] output;
  private final Progress positions;
  private int at;
  private int produced;
  private int dictionaryStart;

  private int literalContextBits;
  private int literalPositionMask;
  private int positionMask;
  private short[] probabilities = new short[0];
  private int state;
  private final int[] reps = new int[4];
  private int range;
  private int code;

  LzmaReference(ByteView input, byte[] output, Progress positions) {
    this.input = input;
    this.output = output;
    this.positions = positions;
  }

  int position() {
    return at;
  }

  void moveTo(int position) {
    at = position;
  }

  void resetDictionary() {
    dictionaryStart = produced;
  }

  /** Sets lc, lp and pb from the byte that has all three, and resets the state. */
  void setProperties(int properties) {
    literalContextBits = properties % 9;
    int literalPositionBits = properties / 9 % 5;
    literalPositionMask = (1 << literalPositionBits) - 1;
    positionMask = (1 << Math.min(properties / 45, 4)) - 1;
    probabilities = new short[LITERAL + (0x300 << literalContextBits + literalPositionBits)];
    resetState();
  }

  void resetState() {
    Arrays.fill(probabilities, (short) 1024);
    Arrays.fill(reps, 0);
    state = 0;
  }

  /** Copies {@code count} bytes that are stored as they are. */
  void copy(int count) {
    input.copyTo(at, output, produced, room(count));
    at += count;
    produced += count;
    positions.at(at, produced);
  }

  /** Decodes {@code count} bytes from a new start of the range decoder. */
  void decode(int count) {
    int end = produced + room(count);
    range = -1;
    code = (int) input.u32be(at + 1L);
    at += 5;
    while (produced < end) {
      symbol();
      positions.at(at, produced);
    }
  }

  private void symbol() {
    int positionState = produced - dictionaryStart & positionMask;
    int context = state * POSITION_STATES + positionState;
    if (bit(IS_MATCH + context) == 0) {
      literal();
      return;
    }
    int length;
    if (bit(IS_REP + state) == 0) {
      System.arraycopy(reps, 0, reps, 1, 3);
      length = length(MATCH_LENGTH, positionState);
      state = state < 7 ? 7 : 10;
      reps[0] = distance(length);
    } else if (bit(IS_REP0 + state) == 0) {
      boolean single = bit(IS_REP0_LONG + context) == 0;
      length = single ? 1 : length(REP_LENGTH, positionState);
      state = single ? (state < 7 ? 9 : 11) : state < 7 ? 8 : 11;
    } else {
      int which = bit(IS_REP1 + state) == 0 ? 1 : 2 + bit(IS_REP2 + state);
      int distance = reps[which];
      System.arraycopy(reps, 0, reps, 1, which);
      reps[0] = distance;
      length = length(REP_LENGTH, positionState);
      state = state < 7 ? 8 : 11;
    }
    int distance = reps[0];
    if (distance < 0 || distance >= produced - dictionaryStart) {
      throw corrupt("a match reaches behind the start");
    }
    for (int end = produced + room(length); produced < end; produced++) {
      output[produced] = output[produced - distance - 1];
    }
  }

  private void literal() {
    int position = produced - dictionaryStart;
    int previous = position == 0 ? 0 : output[produced - 1] & 0xff;
    int context =
        ((position & literalPositionMask) << literalContextBits)
            + (previous >>> 8 - literalContextBits);
    int model = LITERAL + 0x300 * context;
    int symbol = 1;
    if (state >= 7) {
      if (reps[0] < 0 || reps[0] >= position) {
        throw corrupt("a literal is matched with what is behind the start");
      }
      // As long as the bits are those of the byte at the match's distance, they have a model each.
      int match = output[produced - reps[0] - 1] & 0xff;
      int same = 0x100;
      while (symbol < 0x100) {
        match <<= 1;
        int expected = match & same;
        int bit = bit(model + same + expected + symbol);
        symbol = symbol << 1 | bit;
        same &= bit == 0 ? ~expected : expected;
      }
    } else {
      while (symbol < 0x100) {
        symbol = symbol << 1 | bit(model + symbol);
      }
    }
    output[produced] = (byte) symbol;
    produced += 1;
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  }

  private int length(int model, int positionState) {
    int low = model + 2;
    int middle = low + (POSITION_STATES << 3);
    if (bit(model) == 0) {
      return 2 + tree(low + (positionState << 3), 3);
    }
    if (bit(model + 1) == 0) {
      return 10 + tree(middle + (positionState << 3), 3);
    }
    return 18 + tree(middle + (POSITION_STATES << 3), 8);
  }

  private int distance(int length) {
    int slot = tree(SLOT + Math.min(length - 2, 3) * 64, 6);
    if (slot < 4) {
      return slot;
    }
    int bits = (slot >> 1) - 1;
    int distance = (2 | slot & 1) << bits;
    if (slot < 14) {
      return distance + reverseTree(SPECIAL + distance - slot, bits);
    }
    int direct = 0;
    for (int i = 4; i < bits; i++) {
      direct = direct << 1 | directBit();
    }
    return distance + (direct << 4) + reverseTree(ALIGN, 4);
  }

  private int tree(int model, int bits) {
    int symbol = 1;
    for (int i = 0; i < bits; i++) {
      symbol = symbol << 1 | bit(model + symbol);
    }
    return symbol - (1 << bits);
  }

  private int reverseTree(int model, int bits) {
    int symbol = 1;
    int value = 0;
    for (int i = 0; i < bits; i++) {
      int bit = bit(model + symbol);
      symbol = symbol << 1 | bit;
      value |= bit << i;
    }
    return value;
  }

  private int bit(int model) {
    normalize();
    int probability = probabilities[model];
    int bound = (range >>> 11) * probability;
    if (Integer.compareUnsigned(code, bound) < 0) {
      range = bound;
      probabilities[model] = (short) (probability + (2048 - probability >> 5));
      return 0;
    }
    range -= bound;
    code -= bound;
    probabilities[model] = (short) (probability - (probability >> 5));
    return 1;
  }

  private int directBit() {
    normalize();
    range >>>= 1;
    if (Integer.compareUnsigned(code, range) < 0) {
      return 0;
    }
    code -= range;
    return 1;
  }

  private void normalize() {
    if (range >>> 24 == 0) {
      range <<= 8;
      code = code << 8 | input.u8(at++);
    }
  }

  private int room(int count) {
    if (count > output.length - produced) {
      throw corrupt("more comes out than before");
    }
    return count;
  }

  private RuntimeException corrupt(String what) {
    return CodecFault.corrupt(CompressionMethod.LZMA, at, what);
  }
}
