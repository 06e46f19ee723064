package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.nio.ByteBuffer;

/**
 * What the blocks of a stream were, to be compared with what its index says (xz-file-format 4).
 * Records are kept as their number and a checksum only, so that a stream of many empty blocks costs
 * no memory.
 */
final class XzIndex {
  private final ByteBuffer scratch = ByteBuffer.allocate(16);
  private final Crc64 seen = new Crc64();
  private long blocks;

  /**
   * Notes a block.
   *
   * @param unpaddedSize its header, compressed data and check, in bytes
   * @param unpackedSize its output, in bytes
   */
  void add(long unpaddedSize, long unpackedSize) {
    mix(seen, unpaddedSize, unpackedSize);
    blocks++;
  }

  /**
   * Checks the index at {@code offset} against the blocks.
   *
   * @return its size in bytes
   */
  int verify(ByteView payload, int offset) {
    XzVarints fields = new XzVarints(payload, offset + 1);
    long records = fields.next();
    if (records != blocks) {
      throw XzDecompressor.corrupt(
          "the xz index at 0x%x has %d records for %d blocks", offset, records, blocks);
    }
    Crc64 told = new Crc64();
    for (long i = 0; i < records; i++) {
      long unpaddedSize = fields.next();
      mix(told, unpaddedSize, fields.next());
    }
    if (told.getValue() != seen.getValue()) {
      throw XzDecompressor.corrupt(
          "the xz index at 0x%x has other sizes than the blocks before it", offset);
    }
    int sizeUnpadded = fields.offset() - offset;
    int size = (sizeUnpadded + 3 & ~3) + 4;
    ByteView index = payload.slice(offset, size);
    XzDecompressor.requireZeros(index, sizeUnpadded, size - 4, "index padding");
    XzDecompressor.requireCrc32(index, 0, size - 4, index.u32le(size - 4), "index");
    return size;
  }

  private void mix(Crc64 crc, long unpaddedSize, long unpackedSize) {
    scratch.clear();
    scratch.putLong(unpaddedSize).putLong(unpackedSize);
    crc.update(scratch.array(), 0, scratch.capacity());
  }
}
