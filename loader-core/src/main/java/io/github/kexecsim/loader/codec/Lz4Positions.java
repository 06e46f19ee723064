package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;

/** LZ4's legacy frame, sequence by sequence. */
final class Lz4Positions implements Positions {
  private static final int MIN_MATCH = 4;

  private ByteView payload;
  private int at;

  @Override
  public void follow(ByteView wholePayload, int size, Progress positions) {
    payload = wholePayload;
    int produced = 0;
    while (produced < size) {
      long word = payload.u32le(at);
      at += 4;
      if (word == Lz4Decompressor.MAGIC) {
        continue;
      }
      int end = at + payload.slice(at, word).size();
      while (at < end) {
        int token = payload.u8(at++);
        int literals = length(token >> 4);
        at += literals;
        produced += literals;
        if (at < end) {
          at += 2;
          produced += length(token & 15) + MIN_MATCH;
        }
        positions.at(at, produced);
      }
    }
  }

  private int length(int nibble) {
    int length = nibble;
    if (nibble == 15) {
      int more = 255;
      while (more == 255) {
        more = payload.u8(at++);
        length += more;
      }
    }
    return length;
  }
}
