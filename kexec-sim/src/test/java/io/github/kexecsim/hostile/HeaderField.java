package io.github.kexecsim.hostile;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.ArrayList;
import java.util.List;

/**
 * A field of a header, and where it stands.
 *
 * @param offset in the file
 * @param width 1, 2, 4 or 8 bytes
 */
record HeaderField(int offset, int width) {
  /** {@code Documentation/arch/arm64/booting.rst}; those of riscv and loongarch are alike. */
  private static final int[] RAW = {4, 4, 8, 8, 8, 8, 8, 8, 4, 4};

  /** {@code drivers/firmware/efi/libstub/zboot-header.S}, the method's name word by word. */
  private static final int[] ZBOOT = {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4};

  /** {@code Documentation/arch/x86/boot.rst}, from setup_sects to kernel_info_offset. */
  private static final int[] SETUP = {
    1, 2, 4, 2, 2, 2, 2, 2, 4, 2, 4, 2, 2, 1, 1, 2, 4, 4, 4, 4, 2, 1, 1, 4, 4, 4, 1, 1, 2, 4, 4, 8,
    4, 4, 8, 8, 4, 4, 4
  };

  private static final int SETUP_START = 0x1f1;

  /** The Microsoft PE Format: signature and COFF header. */
  private static final int[] COFF = {4, 2, 2, 4, 4, 4, 2, 2};

  private static final int COFF_SIZE = 24;

  /** A PE32+ image's optional header, up to its directories. */
  private static final int[] OPTIONAL = {
    2, 1, 1, 4, 4, 4, 4, 4, 8, 4, 4, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 2, 2, 8, 8, 8, 8, 4, 4
  };

  private static final int OPTIONAL_SIZE = 112;
  private static final int DIRECTORY_SIZE = 8;
  private static final int[] SECTION = {8, 4, 4, 4, 4, 4, 4, 2, 2, 4};
  private static final int SECTION_SIZE = 40;

  private static final int[] ELF = {
    4, 1, 1, 1, 1, 8, 2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2, 4, 4, 8, 8, 8, 8, 8, 8
  };

  /** The fields of every header that the file begins with. */
  static List<HeaderField> of(ByteView file) {
    List<HeaderField> fields = new ArrayList<>();
    if (file.matches(4, "zimg")) {
      add(fields, 0, ZBOOT);
      add(fields, (int) (file.u32le(8) + file.u32le(12)), 4);
    } else if (file.matches(0x202, "HdrS")) {
      add(fields, SETUP_START, SETUP);
      int payload = (file.u8(SETUP_START) + 1) * 512 + (int) file.u32le(0x248);
      add(fields, payload + (int) file.u32le(0x24c) - 4, 4);
    } else if (file.matches(0, "\u007fELF")) {
      add(fields, 0, ELF);
    } else {
      add(fields, 0, RAW);
    }
    if (file.matches(0, "MZ") && file.matches(file.u32le(0x3c), "PE")) {
      addPe(fields, file, (int) file.u32le(0x3c));
    }
    return fields;
  }

  private static void addPe(List<HeaderField> fields, ByteView file, int pe) {
    add(fields, pe, COFF);
    int optional = pe + COFF_SIZE;
    add(fields, optional, OPTIONAL);
    int sections = optional + file.u16le(pe + 20L);
    for (int at = optional + OPTIONAL_SIZE; at < sections; at += DIRECTORY_SIZE) {
      add(fields, at, 4, 4);
    }
    for (int i = 0; i < file.u16le(pe + 6L); i++) {
      add(fields, sections + i * SECTION_SIZE, SECTION);
    }
  }

  private static void add(List<HeaderField> fields, int start, int... widths) {
    int at = start;
    for (int width : widths) {
      fields.add(new HeaderField(at, width));
      at += width;
    }
  }

  /** Writes the lowest bytes of {@code value}, little-endian. */
  void set(byte[] file, long value) {
    for (int i = 0; i < width; i++) {
      file[offset + i] = (byte) (value >> 8 * i);
    }
  }
}
