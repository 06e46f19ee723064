package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.Checksum;

/**
 * The header of an lzop file, all big-endian: magic, u16 version, u16 library version, u16 version
 * needed, u8 method, u8 level, u32 flags, u32 filter where flagged, u32 mode, u32 mtime, u32 mtime
 * high, u8 name length and the name, then a checksum from behind the magic to here. Versions below
 * 0x0940 lack version needed, level and mtime high.
 *
 * @param length bytes up to the first block
 * @param flags the flags word, with no flag set that the decoder would have to know and does not
 */
record LzopHeader(int length, int flags) {
  static final int ADLER32_OF_OUTPUT = 0x1;
  private static final int ADLER32_OF_INPUT = 0x2;
  private static final int CRC32_OF_OUTPUT = 0x100;
  private static final int CRC32_OF_INPUT = 0x200;
  private static final int EXTRA_FIELD = 0x40;
  private static final int MULTIPART = 0x400;
  private static final int FILTER = 0x800;
  private static final int HEADER_CRC32 = 0x1000;

  /** Bits 14 to 19; the lower are known, the upper tell the system and character set. */
  private static final int RESERVED = 0x000f_c000;

  private static final int MAGIC_LENGTH = 9;
  private static final int OLDEST_VERSION = 0x0900;
  private static final int LEVEL_VERSION = 0x0940;
  private static final int LZO1X_1 = 1;
  private static final int LZO1X_999 = 3;

  /** The checksums of each block's output, in the order in which they stand in the block. */
  List<Supplier<Checksum>> outputChecksums() {
    return checksums(ADLER32_OF_OUTPUT, CRC32_OF_OUTPUT);
  }

  /** The checksums of the input of each block that is not stored, in their order. */
  List<Supplier<Checksum>> inputChecksums() {
    return checksums(ADLER32_OF_INPUT, CRC32_OF_INPUT);
  }

  private List<Supplier<Checksum>> checksums(int adler32, int crc32) {
    List<Supplier<Checksum>> present = new ArrayList<>();
    if ((flags & adler32) != 0) {
      present.add(Adler32::new);
    }
    if ((flags & crc32) != 0) {
      present.add(CRC32::new);
    }
    return present;
  }

  static LzopHeader parse(ByteView payload) {
    CompressionMethod.LZO.requireMagic(payload);
    return new Reader(payload).header();
  }

  private static final class Reader {
    private final ByteView payload;
    private int at = MAGIC_LENGTH;

    Reader(ByteView payload) {
      this.payload = payload;
    }

    LzopHeader header() {
      int version = number(2);
      if (version < OLDEST_VERSION) {
        throw corrupt(at - 2, String.format("lzop version 0x%x is below 0x900", version));
      }
      boolean hasLevel = version >= LEVEL_VERSION;
      skip(hasLevel ? 4 : 2);
      int method = number(1);
      if (method < LZO1X_1 || method > LZO1X_999) {
        throw corrupt(at - 1, "lzop method " + method + " is not one of LZO1X (1 to 3)");
      }
      skip(hasLevel ? 1 : 0);
      int flags = number(4);
      int unknown = flags & (RESERVED | MULTIPART | FILTER);
      if (unknown != 0) {
        throw corrupt(
            at - 4,
            String.format(
                "flags 0x%x ask for a filter, for several parts or the unknown (0x%x)",
                flags, unknown));
      }
      skip(hasLevel ? 12 : 8);
      skip(number(1));
      checkSum((flags & HEADER_CRC32) != 0, MAGIC_LENGTH);
      if ((flags & EXTRA_FIELD) != 0) {
        int start = at;
        skip(Integer.toUnsignedLong(number(4)));
        checkSum((flags & HEADER_CRC32) != 0, start);
      }
      return new LzopHeader(at, flags);
    }

    /** Reads a big-endian number of 1, 2 or 4 bytes; one of 4 may come out negative. */
    private int number(int bytes) {
      require(bytes);
      int value = 0;
      for (int i = 0; i < bytes; i++) {
        value = value << 8 | payload.u8(at++);
      }
      return value;
    }

    private void skip(long bytes) {
      require(bytes);
      at += (int) bytes;
    }

    private void require(long bytes) {
      if (bytes > payload.size() - at) {
        throw CodecFault.truncated(CompressionMethod.LZO, payload.size(), "the lzop header");
      }
    }

    /** Reads a checksum of everything from {@code start} and compares it. */
    private void checkSum(boolean crc32, int start) {
      Checksum checksum = crc32 ? new CRC32() : new Adler32();
      checksum.update(payload.array(), payload.arrayOffset() + start, at - start);
      long stored = Integer.toUnsignedLong(number(4));
      if (stored != checksum.getValue()) {
        throw CodecFault.checksum(
            CompressionMethod.LZO, at - 4L, "the header's checksum", stored, checksum.getValue());
      }
    }

    private static KexecException corrupt(int offset, String what) {
      return CodecFault.corrupt(CompressionMethod.LZO, offset, what);
    }
  }
}
