package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.OptionalLong;
import java.util.zip.CRC32;

/**
 * gzip (RFC 1952): the first member, with its CRC-32 and length checked. Whatever follows that
 * member is not looked at, as in the kernel's {@code lib/decompress_inflate.c, __gunzip (v6.1)}.
 */
final class GzipDecompressor implements Decompressor {
  private static final int FHCRC = 1 << 1;
  private static final int FEXTRA = 1 << 2;
  private static final int FNAME = 1 << 3;
  private static final int FCOMMENT = 1 << 4;
  private static final int RESERVED = 0xe0;
  private static final int HEADER_SIZE = 10;
  private static final int TRAILER_SIZE = 8;

  @Override
  public CompressionMethod method() {
    return CompressionMethod.GZIP;
  }

  /** The trailer's ISIZE, which is the size modulo 2^32 where nothing stands behind the member. */
  @Override
  public OptionalLong claimedSize(ByteView payload) {
    return payload.size() < HEADER_SIZE + TRAILER_SIZE
        ? OptionalLong.empty()
        : OptionalLong.of(payload.u32le(payload.size() - 4L));
  }

  @Override
  public int decompress(ByteView payload, byte[] destination, Progress progress) {
    int offset = headerSize(payload);
    CrcBehind crc = new CrcBehind(destination, progress);
    Inflate inflate = new Inflate(payload, offset, destination, crc);
    int produced = inflate.run();
    crc.update(produced);
    ByteView trailer = payload.slice(inflate.consumed(), TRAILER_SIZE);
    if (trailer.u32le(0) != crc.value()) {
      throw corrupt(
          String.format(
              "gzip: CRC-32 is 0x%08x, but the trailer says 0x%08x",
              crc.value(), trailer.u32le(0)));
    }
    if (trailer.u32le(4) != produced) {
      throw corrupt(
          String.format(
              "gzip: 0x%x bytes came out, but the trailer says 0x%x", produced, trailer.u32le(4)));
    }
    progress.at(inflate.consumed() + TRAILER_SIZE, produced);
    return produced;
  }

  private static int headerSize(ByteView payload) {
    if (payload.u16le(0) != 0x8b1f || payload.u8(2) != 8) {
      throw corrupt(
          String.format(
              "gzip: begins with 0x%04x, method %x, expected 0x8b1f, method 8",
              payload.u16le(0), payload.u8(2)));
    }
    int flags = payload.u8(3);
    if ((flags & RESERVED) != 0) {
      throw corrupt(String.format("gzip: reserved flags 0x%02x at offset 0x3", flags & RESERVED));
    }
    payload.slice(0, HEADER_SIZE);
    int size = HEADER_SIZE;
    if ((flags & FEXTRA) != 0) {
      size += 2 + payload.u16le(size);
    }
    if ((flags & FNAME) != 0) {
      size = behindNul(payload, size);
    }
    if ((flags & FCOMMENT) != 0) {
      size = behindNul(payload, size);
    }
    if ((flags & FHCRC) != 0) {
      CRC32 crc = new CRC32();
      crc.update(payload.array(), payload.arrayOffset(), payload.slice(0, size).size());
      if (payload.u16le(size) != (crc.getValue() & 0xffff)) {
        throw corrupt("gzip: the header's CRC disagrees");
      }
      size += 2;
    }
    return payload.slice(0, size).size();
  }

  private static int behindNul(ByteView payload, int from) {
    int at = from;
    while (payload.u8(at) != 0) {
      at++;
    }
    return at + 1;
  }

  private static KexecException corrupt(String message) {
    return new KexecException(
        Reason.CORRUPT_PAYLOAD, message, "the payload is damaged: fetch it again");
  }

  /** Sums up the output while it is still in the cache. */
  private static final class CrcBehind implements Progress {
    private final byte[] output;
    private final Progress next;
    private final CRC32 crc = new CRC32();
    private int done;

    CrcBehind(byte[] output, Progress next) {
      this.output = output;
      this.next = next;
    }

    @Override
    public void at(int consumed, int produced) {
      update(produced);
      next.at(consumed, produced);
    }

    void update(int produced) {
      crc.update(output, done, produced - done);
      done = produced;
    }

    long value() {
      return crc.getValue();
    }
  }
}
