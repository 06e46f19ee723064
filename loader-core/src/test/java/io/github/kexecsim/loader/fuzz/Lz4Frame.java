package io.github.kexecsim.loader.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/** The legacy frame as an oracle: the blocks are decoded in plain Java. */
final class Lz4Frame {
  private static final int MAGIC = 0x184c2102;
  private static final int CHUNK = 8 << 20;
  private static final int MAX_BLOCK = CHUNK + CHUNK / 255 + 16;

  private Lz4Frame() {}

  /**
   * Decodes a frame whose output is not above {@code capacity}, which is less than a chunk: so it
   * has one chunk, or several frames have one each.
   *
   * @return empty where it is refused, or too large
   */
  static Optional<byte[]> decode(byte[] stream, int capacity) {
    LZ4SafeDecompressor blocks = LZ4Factory.safeInstance().safeDecompressor();
    ByteBuffer in = ByteBuffer.wrap(stream).order(ByteOrder.LITTLE_ENDIAN);
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    boolean behindMagic = false;
    while (in.remaining() >= 4) {
      int word = in.getInt();
      if (word == MAGIC) {
        behindMagic = true;
        continue;
      }
      if (output.size() == 0 && !behindMagic) {
        return Optional.empty();
      }
      if (!behindMagic || word <= 0 || word > MAX_BLOCK) {
        break;
      }
      if (word > in.remaining()) {
        return Optional.empty();
      }
      byte[] block = new byte[word];
      in.get(block);
      try {
        output.writeBytes(blocks.decompress(block, capacity));
      } catch (LZ4Exception refused) {
        return Optional.empty();
      }
      behindMagic = false;
    }
    return stream.length >= 4 && output.size() <= capacity
        ? Optional.of(output.toByteArray())
        : Optional.empty();
  }
}
