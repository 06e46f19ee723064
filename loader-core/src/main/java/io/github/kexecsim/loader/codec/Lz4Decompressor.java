package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import net.jpountz.lz4.LZ4Exception;

/**
 * LZ4's legacy frame: a magic number, then chunks of a u32le size and an LZ4 block each. Every
 * chunk but the last decodes to 8 MiB, and the magic number may come again, as concatenated files
 * have it.
 *
 * <p>The frame has no end mark and no checksum. It ends here where the kernel lets it end ({@code
 * lib/decompress_unlz4.c, unlz4} (v6.1)): at the payload's end, at fewer than four bytes before it,
 * at a size of 0; besides, as the lz4 tool has it, at a size that no chunk can have, and behind a
 * chunk shorter than 8 MiB. So a cut between chunks goes unnoticed: only a declared size tells.
 */
final class Lz4Decompressor implements Decompressor {
  /** What every chunk but the last decodes to. */
  static final int CHUNK = 8 << 20;

  static final int MAGIC = 0x184C2102;

  /** The longest block that {@link #CHUNK} bytes encode to. */
  private static final int MAX_BLOCK = CHUNK + CHUNK / 255 + 16;

  @Override
  public CompressionMethod method() {
    return CompressionMethod.LZ4;
  }

  @Override
  public int decompress(ByteView payload, byte[] destination, Progress progress) {
    method().requireMagic(payload);
    int at = 4;
    int produced = 0;
    boolean lastChunk = false;
    while (payload.size() - at >= 4) {
      long word = payload.u32le(at);
      if (word == MAGIC) {
        at += 4;
        lastChunk = false;
        continue;
      }
      if (word == 0 || word > MAX_BLOCK || lastChunk) {
        break;
      }
      at += 4;
      if (word > payload.size() - at) {
        throw CodecFault.truncated(
            method(), payload.size(), String.format("a chunk of 0x%x bytes", word));
      }
      int got = block(payload, at, (int) word, destination, produced);
      at += (int) word;
      produced += got;
      lastChunk = got < CHUNK;
      progress.at(at, produced);
    }
    progress.at(at, produced);
    return produced;
  }

  private int block(ByteView payload, int at, int size, byte[] destination, int produced) {
    int room = Math.min(CHUNK, destination.length - produced);
    try {
      return Lz4Library.factory()
          .safeDecompressor()
          .decompress(
              payload.array(), payload.arrayOffset() + at, size, destination, produced, room);
    } catch (LZ4Exception e) {
      throw fault(payload, at, size, destination.length, room, e);
    }
  }

  /** lz4-java has one exception for malformed blocks and for those that need more room. */
  private KexecException fault(
      ByteView payload, int at, int size, int capacity, int room, LZ4Exception e) {
    boolean fits = Lz4Block.decodedLength(payload.slice(at, size)) <= room;
    return fits || room == CHUNK
        ? CodecFault.corrupt(method(), at, "the LZ4 block does not decode", e)
        : CodecFault.overflow(method(), capacity);
  }
}
