package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;

/** Reads fields of an ELF structure in the file's class and byte order. */
record ElfReader(ByteView bytes, boolean is64Bit, boolean bigEndian) {
  int u16(long at) {
    int value = bytes.u16le(at);
    return bigEndian ? Short.reverseBytes((short) value) & 0xffff : value;
  }

  /** Unsigned 32 bits. */
  long u32(long at) {
    return bigEndian ? bytes.u32be(at) : bytes.u32le(at);
  }

  /** A field that is 32 bits wide in 32-bit files, and 64 in 64-bit files. */
  long word(long at32, long at64) {
    if (!is64Bit) {
      return u32(at32);
    }
    return bigEndian ? bytes.u64be(at64) : bytes.u64le(at64);
  }

  ElfReader slice(long offset, long length) {
    return new ElfReader(bytes.slice(offset, length), is64Bit, bigEndian);
  }
}
