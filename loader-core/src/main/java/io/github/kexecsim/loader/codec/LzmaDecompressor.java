package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalLong;
import org.tukaani.xz.LZMAInputStream;

/**
 * One .lzma ("alone") stream: a byte of lc, lp and pb, the dictionary size as u32le, the
 * uncompressed size as u64le or all ones, then the LZMA stream, which ends with a marker where the
 * size is not known. The format has no checksum: damage can go unnoticed.
 */
final class LzmaDecompressor extends StreamDecompressor {
  private static final int HEADER = 13;
  private static final int SIZE_OFFSET = 5;
  private static final int MAX_PROPERTIES = (4 * 5 + 4) * 9 + 8;
  private static final long UNKNOWN = -1;
  private static final int MAX_CAPACITY = LZMAInputStream.DICT_SIZE_MAX - 1;

  LzmaDecompressor() {
    super(CompressionMethod.LZMA);
  }

  @Override
  public OptionalLong claimedSize(ByteView payload) {
    if (payload.size() < HEADER) {
      return OptionalLong.empty();
    }
    long size = payload.u64le(SIZE_OFFSET);
    return size >= 0 ? OptionalLong.of(size) : OptionalLong.empty();
  }

  @Override
  InputStream open(ByteView payload, PayloadInputStream input, int capacity) throws IOException {
    if (!canBegin(payload)) {
      throw method().doesNotBegin(payload);
    }
    if (payload.size() < HEADER) {
      throw CodecFault.truncated(method(), payload.size(), "the 13-byte header");
    }
    long size = payload.u64le(SIZE_OFFSET);
    if (size < UNKNOWN) {
      throw CodecFault.corrupt(
          method(), SIZE_OFFSET, String.format("the size 0x%x is beyond all bounds", size));
    }
    if (size > capacity) {
      throw CodecFault.overflow(method(), capacity);
    }
    // A dictionary of the output's size reaches every byte. What the header asks for beyond that
    // would only be allocated.
    long dictionary = Math.min(payload.u32le(1), Math.min(capacity, MAX_CAPACITY) + 1L);
    input.skipNBytes(HEADER);
    return new LZMAInputStream(input, size, (byte) payload.u8(0), (int) dictionary);
  }

  /** Without a magic number, all there is to say is which first bytes are not LZMA's. */
  private static boolean canBegin(ByteView payload) {
    return CompressionMethod.detect(payload).orElse(CompressionMethod.LZMA)
            == CompressionMethod.LZMA
        && (payload.size() == 0 || payload.u8(0) <= MAX_PROPERTIES);
  }
}
