package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.error.KexecException;

/**
 * Decompression in place, as the x86 decompressor does it: the payload lies at the end of a buffer,
 * and the output grows from the buffer's start towards it ({@code
 * arch/x86/boot/compressed/head_64.S} and {@code arch/x86/boot/header.S, ZO_z_extra_bytes} (v6.1)).
 *
 * <p>What is measured is a property of the payload, not of one decoder: every byte of output
 * against the bytes that must have been read before it can be written.
 *
 * <ul>
 *   <li>gzip, lzma, xz, lzo, lz4: symbol by symbol; the reader is where a decoder is that reads no
 *       byte before it needs it. Decoders that read ahead keep a greater distance.
 *   <li>bzip2: a block is written when all of it was read.
 *   <li>zstd: a block's sequences are read from its end to its start, and its literals may stay
 *       where they are, so all of a block is to be read until its last byte is written, unless it
 *       is stored. libzstd tests for just that since 1.5.2.
 * </ul>
 *
 * <p>Not modelled are the few bytes by which a fast copy may overshoot its end for a moment, and
 * branch filters, which change bytes that were written.
 */
public final class InPlace {
  private InPlace() {}

  /** The margin that the x86 build grants, in bytes, for an output of {@code size} bytes. */
  public static long kernelMargin(long size) {
    return (size >> 8) + (128 << 10);
  }

  /**
   * Where the x86 build has the payload begin at least, from the output's start: {@code
   * ZO_z_extract_offset}, before it is rounded up to the page.
   *
   * @param size bytes of output
   * @param length bytes of payload, with the size word behind it that all methods but gzip have
   */
  public static long kernelStart(long size, long length) {
    return Math.max(size - length, 0) + kernelMargin(size);
  }

  /**
   * Decodes {@code payload}, and follows reader and writer through one buffer.
   *
   * @param payload the compressed stream, without a size word behind it
   * @param start where the payload begins, from where the output begins; not negative
   * @param limit the most bytes that may come out
   * @throws KexecException what {@link CompressedPayload#decompress(long)} throws
   */
  public static InPlaceMargin measure(CompressedPayload payload, long start, long limit) {
    if (start < 0) {
      throw new IllegalArgumentException("start " + start);
    }
    int size = payload.decompress(limit).length;
    Closest closest = new Closest(start);
    positions(payload.method()).follow(payload.bytes(), size, closest);
    long granted = start + payload.bytes().size() - size;
    return new InPlaceMargin(closest.distance, closest.consumed, closest.produced, granted);
  }

  static Positions positions(CompressionMethod method) {
    return switch (method) {
      case GZIP -> new DeflatePositions();
      case BZIP2 -> new Bzip2Positions();
      case LZMA, XZ -> new LzmaPositions(method);
      case LZO -> new LzoPositions();
      case LZ4 -> new Lz4Positions();
      case ZSTD -> new ZstdPositions();
    };
  }

  /** Where reader and writer were closest. */
  private static final class Closest implements Progress {
    private final long start;
    private long distance;
    private int consumed;
    private int produced;

    Closest(long start) {
      this.start = start;
      distance = start;
    }

    @Override
    public void at(int nowConsumed, int nowProduced) {
      long now = start + nowConsumed - nowProduced;
      if (now < distance) {
        distance = now;
        consumed = nowConsumed;
        produced = nowProduced;
      }
    }
  }
}
