package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.OptionalLong;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** One gzip member (RFC 1952): header, deflate stream, CRC-32 and size modulo 2^32. */
final class GzipDecompressor implements Decompressor {
  private static final int FIXED_HEADER = 10;
  private static final int TRAILER = 8;
  private static final int DEFLATED = 8;
  private static final int FHCRC = 2;
  private static final int FEXTRA = 4;
  private static final int FNAME = 8;
  private static final int FCOMMENT = 16;
  private static final int RESERVED = 0xe0;

  /** Deflate's best case: 258 bytes for two bits. */
  private static final long MAX_RATIO = 1032;

  @Override
  public CompressionMethod method() {
    return CompressionMethod.GZIP;
  }

  /** ISIZE, the last word of the payload, unless deflate cannot reach that. */
  @Override
  public OptionalLong claimedSize(ByteView payload) {
    if (payload.size() < FIXED_HEADER + TRAILER) {
      return OptionalLong.empty();
    }
    long isize = payload.u32le(payload.size() - 4L);
    return isize <= MAX_RATIO * payload.size() ? OptionalLong.of(isize) : OptionalLong.empty();
  }

  @Override
  public int decompress(ByteView payload, byte[] destination, Progress progress) {
    int deflated = headerLength(payload);
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(
          payload.array(), payload.arrayOffset() + deflated, payload.size() - deflated);
      CRC32 crc = new CRC32();
      int produced = 0;
      while (!inflater.finished()) {
        int wanted = Math.min(Progress.STEP, destination.length - produced);
        int got =
            wanted > 0
                ? inflate(inflater, payload, destination, produced, wanted)
                : probeEnd(inflater, payload, destination.length);
        crc.update(destination, produced, got);
        produced += got;
        progress.at(deflated + (int) inflater.getBytesRead(), produced);
      }
      int trailer = deflated + (int) inflater.getBytesRead();
      checkTrailer(payload, trailer, crc.getValue(), produced);
      progress.at(trailer + TRAILER, produced);
      return produced;
    } finally {
      inflater.end();
    }
  }

  /** With the destination full, whether the stream ends here too. */
  private int probeEnd(Inflater inflater, ByteView payload, int capacity) {
    if (inflate(inflater, payload, new byte[1], 0, 1) > 0) {
      throw CodecFault.overflow(method(), capacity);
    }
    return 0;
  }

  private int inflate(Inflater inflater, ByteView payload, byte[] target, int from, int length) {
    int got;
    try {
      got = inflater.inflate(target, from, length);
    } catch (DataFormatException e) {
      long offset = payload.size() - inflater.getRemaining();
      throw CodecFault.corrupt(method(), offset, String.valueOf(e.getMessage()), e);
    }
    if (got == 0 && !inflater.finished()) {
      // Not needsDictionary: a raw deflate stream cannot ask for one.
      throw CodecFault.truncated(method(), payload.size(), "the deflate stream");
    }
    return got;
  }

  private int headerLength(ByteView payload) {
    method().requireMagic(payload);
    require(payload, FIXED_HEADER);
    if (payload.u8(2) != DEFLATED) {
      throw CodecFault.corrupt(method(), 2, "compression method " + payload.u8(2) + " is not 8");
    }
    int flags = payload.u8(3);
    if ((flags & RESERVED) != 0) {
      throw CodecFault.corrupt(
          method(), 3, String.format("flags 0x%02x have reserved bits set", flags));
    }
    int at = FIXED_HEADER;
    if ((flags & FEXTRA) != 0) {
      require(payload, at + 2L);
      at += 2 + payload.u16le(at);
    }
    if ((flags & FNAME) != 0) {
      at = behindNul(payload, at);
    }
    if ((flags & FCOMMENT) != 0) {
      at = behindNul(payload, at);
    }
    if ((flags & FHCRC) != 0) {
      require(payload, at + 2L);
      CRC32 crc = new CRC32();
      crc.update(payload.array(), payload.arrayOffset(), at);
      long computed = crc.getValue() & 0xffff;
      if (payload.u16le(at) != computed) {
        throw CodecFault.checksum(method(), at, "the header's CRC-16", payload.u16le(at), computed);
      }
      at += 2;
    }
    require(payload, at);
    return at;
  }

  private int behindNul(ByteView payload, int from) {
    int at = from;
    do {
      require(payload, at + 1L);
    } while (payload.u8(at++) != 0);
    return at;
  }

  private void require(ByteView payload, long length) {
    if (payload.size() < length) {
      throw CodecFault.truncated(method(), payload.size(), "the gzip header");
    }
  }

  private void checkTrailer(ByteView payload, int at, long crc, int produced) {
    if (payload.size() - at < TRAILER) {
      throw CodecFault.truncated(method(), payload.size(), "the gzip trailer");
    }
    if (payload.u32le(at) != crc) {
      throw CodecFault.checksum(method(), at, "the CRC-32", payload.u32le(at), crc);
    }
    if (payload.u32le(at + 4L) != produced) {
      throw CodecFault.corrupt(
          method(),
          at + 4L,
          String.format("ISIZE says 0x%x bytes, 0x%x came out", payload.u32le(at + 4L), produced));
    }
  }
}
