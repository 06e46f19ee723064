package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;

/** A bzip2 stream, block by block: a block is written when all of it was read. */
final class Bzip2Positions implements Positions {
  @Override
  public void follow(ByteView payload, int size, Progress positions) {
    new Bzip2Decompressor(1).decompress(payload, new byte[size], positions);
  }
}
