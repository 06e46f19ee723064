package io.github.kexecsim.loader.codec;

import com.github.luben.zstd.ZstdDecompressCtx;
import io.github.kexecsim.loader.bytes.ByteView;
import java.nio.ByteBuffer;

/** A zstd frame, block by block: what comes out of a block is known once it is decoded. */
final class ZstdPositions implements Positions {
  private static final int BLOCK_HEADER = 3;
  private static final int BLOCK_MAX = 128 << 10;
  private static final int RAW = 0;
  private static final int RLE = 1;

  @Override
  public void follow(ByteView payload, int size, Progress positions) {
    ByteBuffer input =
        ByteBuffer.allocateDirect(payload.size())
            .put(payload.array(), payload.arrayOffset(), payload.size())
            .flip();
    ByteBuffer output = ByteBuffer.allocateDirect(2 * BLOCK_MAX);
    try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
      int at = headerSize(payload);
      int produced = 0;
      boolean last = false;
      while (!last) {
        int header = payload.u16le(at) | payload.u8(at + 2L) << 16;
        last = (header & 1) != 0;
        int content = at + BLOCK_HEADER;
        int type = header >> 1 & 3;
        at = content + (type == RLE ? 1 : header >>> 3);
        input.limit(at);
        output.clear();
        context.decompressDirectByteBufferStream(output, input);
        produced += output.position();
        // A stored block is moved as a whole.
        positions.at(type == RAW ? at : content, produced);
      }
    }
  }

  /** RFC 8878, 3.1.1.1: magic number, descriptor, window, dictionary and content size. */
  private static int headerSize(ByteView payload) {
    int descriptor = payload.u8(4);
    boolean singleSegment = (descriptor & 0x20) != 0;
    int dictionary = (1 << (descriptor & 3)) >> 1;
    int sizeFlag = descriptor >>> 6;
    int contentSize = sizeFlag == 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
    return 5 + (singleSegment ? 0 : 1) + dictionary + contentSize;
  }
}
