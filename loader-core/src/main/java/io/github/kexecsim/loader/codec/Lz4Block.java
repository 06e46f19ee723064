package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;

/** Walks the sequences of an LZ4 block without decoding them. */
final class Lz4Block {
  private static final int MIN_MATCH = 4;

  private final ByteView block;
  private int at;

  private Lz4Block(ByteView block) {
    this.block = block;
  }

  /**
   * The sum of the block's literal and match lengths, as far as the block is well formed. Match
   * distances are not looked at.
   */
  static long decodedLength(ByteView block) {
    return new Lz4Block(block).walk();
  }

  private long walk() {
    long total = 0;
    while (at < block.size()) {
      int token = block.u8(at++);
      long literals = length(token >> 4);
      if (literals > block.size() - at) {
        break;
      }
      total += literals;
      at += (int) literals;
      if (block.size() - at < 2) {
        break;
      }
      at += 2;
      total += length(token & 15) + MIN_MATCH;
    }
    return total;
  }

  /** A length of four bits, continued in bytes while they are all ones. */
  private long length(int nibble) {
    long length = nibble;
    if (nibble == 15) {
      int more = 255;
      while (more == 255 && at < block.size()) {
        more = block.u8(at++);
        length += more;
      }
    }
    return length;
  }
}
