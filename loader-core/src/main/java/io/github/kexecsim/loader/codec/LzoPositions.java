package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;

/** An lzop file, instruction by instruction; {@link Lzo1x} tells what they are. */
final class LzoPositions implements Positions {
  private static final int AFTER_MATCH = 0;
  private static final int AFTER_RUN = 4;

  private ByteView payload;
  private Progress positions;
  private int at;
  private int produced;

  @Override
  public void follow(ByteView wholePayload, int size, Progress progress) {
    payload = wholePayload;
    positions = progress;
    LzopHeader header = LzopHeader.parse(payload);
    at = header.length();
    while (produced < size) {
      int outputSize = (int) payload.u32be(at);
      int inputSize = (int) payload.u32be(at + 4L);
      boolean stored = inputSize == outputSize;
      at += 8 + 4 * header.outputChecksums().size();
      at += stored ? 0 : 4 * header.inputChecksums().size();
      if (stored) {
        literals(inputSize);
      } else {
        block();
      }
    }
  }

  private void block() {
    int state = AFTER_MATCH;
    int first = payload.u8(at);
    if (first > 17) {
      at++;
      literals(first - 17);
      state = Math.min(first - 17, AFTER_RUN);
    }
    while (true) {
      int code = payload.u8(at++);
      int trailing;
      int count;
      if (code >= 64) {
        count = (code >>> 5) + 1;
        at++;
        trailing = code & 3;
      } else if (code >= 16) {
        count = length(code, code >= 32 ? 31 : 7) + 2;
        int word = payload.u16le(at);
        at += 2;
        trailing = word & 3;
        // A match at distance 0, in the instruction for far ones, ends the block.
        if (code < 32 && (code & 8) == 0 && word >>> 2 == 0) {
          return;
        }
      } else if (state == AFTER_MATCH) {
        literals(length(code, 15) + 3);
        state = AFTER_RUN;
        continue;
      } else {
        count = state == AFTER_RUN ? 3 : 2;
        at++;
        trailing = code & 3;
      }
      produced += count;
      positions.at(at, produced);
      literals(trailing);
      state = trailing;
    }
  }

  private void literals(int count) {
    at += count;
    produced += count;
    positions.at(at, produced);
  }

  private int length(int code, int mask) {
    int length = code & mask;
    if (length == 0) {
      length = mask;
      while (payload.u8(at) == 0) {
        length += 255;
        at++;
      }
      length += payload.u8(at++);
    }
    return length;
  }
}
