package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.report.Field;

/**
 * What an image must keep to for LoadImage to map it (edk2 MdePkg BasePeCoffLib, {@code
 * PeCoffLoaderGetPeHeader} and {@code PeCoffLoaderLoadImage}). Where edk2 would read or write past
 * a buffer, it is refused too.
 */
final class LoadRules {
  private LoadRules() {}

  static void check(PeHeader header, ByteView file, long maxSize) {
    checkHeader(header, file);
    long total = header.sizeOfImage();
    if (total > maxSize) {
      throw Limit.DECOMPRESSED.exceeded("the PE header's SizeOfImage", total, maxSize);
    }
    long copied = 0;
    for (PeHeader.Section section : header.sections()) {
      check(section, header, file);
      copied += section.memorySize();
      if (copied > 2 * maxSize) {
        throw new KexecException(
            Reason.LIMIT_EXCEEDED,
            String.format(
                "the sections take more than 0x%x bytes together, in an image of 0x%x",
                2 * maxSize, total),
            "the sections overlap: build the image anew");
      }
    }
  }

  /** Whether an image that keeps to the rules may be put at an address. */
  static void checkBase(PeHeader header, long base) {
    if (header.relocationsStripped() && base != header.imageBase()) {
      throw bad(
          String.format(
              "the image's relocations are stripped: it runs at its image base 0x%x, and not at"
                  + " 0x%x",
              header.imageBase(), base));
    }
    if (base % header.sectionAlignment() != 0) {
      throw bad(
          String.format(
              "the base 0x%x is not a multiple of SectionAlignment 0x%x",
              base, header.sectionAlignment()));
    }
  }

  private static void checkHeader(PeHeader header, ByteView file) {
    if (header.numberOfRvaAndSizes() > PeHeader.MAX_DIRECTORIES) {
      throw bad(
          String.format(
              "NumberOfRvaAndSizes is 0x%x, and the format has 16 directories",
              header.numberOfRvaAndSizes()));
    }
    if (Long.bitCount(header.sectionAlignment()) != 1) {
      throw bad(
          String.format(
              "SectionAlignment is 0x%x, expected a power of two", header.sectionAlignment()));
    }
    if (header.sizeOfHeaders() > file.size()) {
      throw truncated("SizeOfHeaders", header.sizeOfHeaders(), 0, file);
    }
    if (!header.directoriesFillOptionalHeader()) {
      throw bad(
          String.format(
              "SizeOfOptionalHeader is 0x%x, which is not what NumberOfRvaAndSizes 0x%x asks for",
              header.sizeOfOptionalHeader(), header.numberOfRvaAndSizes()));
    }
    if (!header.headersCoverSectionTable() || header.sizeOfHeaders() >= header.sizeOfImage()) {
      throw bad(
          String.format(
              "SizeOfHeaders is 0x%x, expected the section table's end 0x%x at least, and less than"
                  + " SizeOfImage 0x%x",
              header.sizeOfHeaders(), header.sectionTableEnd(), header.sizeOfImage()));
    }
    if (!header.imageHasRoomForSectionTable()) {
      throw bad(
          String.format(
              "SizeOfImage is 0x%x, expected room for a row behind the section table's end 0x%x",
              header.sizeOfImage(), header.sectionTableEnd()));
    }
    if (header.addressOfEntryPoint() >= header.sizeOfImage()) {
      throw bad(
          String.format(
              "AddressOfEntryPoint 0x%x is not inside SizeOfImage 0x%x",
              header.addressOfEntryPoint(), header.sizeOfImage()));
    }
    header
        .certificateTable()
        .filter(table -> table.size() > file.size() - table.offset())
        .ifPresent(
            table -> {
              throw truncated("the certificate table", table.size(), table.offset(), file);
            });
  }

  private static void check(PeHeader.Section section, PeHeader header, ByteView file) {
    String name = "section " + Field.printable(section.name());
    if (section.rawSize() > 0 && section.rawSize() > file.size() - section.rawOffset()) {
      throw truncated(name, section.rawSize(), section.rawOffset(), file);
    }
    if (header.isStoredOverHeaders(section)) {
      throw bad(
          String.format(
              "%s is at 0x%x in memory and at 0x%x in the file, where the headers are up to 0x%x",
              name, section.virtualAddress(), section.rawOffset(), header.sizeOfHeaders()));
    }
    if (section.memorySize() > 0 && section.memoryEnd() > header.sizeOfImage()) {
      throw bad(
          String.format(
              "%s reaches up to 0x%x in memory, beyond SizeOfImage 0x%x",
              name, section.memoryEnd(), header.sizeOfImage()));
    }
  }

  private static KexecException truncated(String what, long size, long offset, ByteView file) {
    return new KexecException(
        Reason.TRUNCATED,
        String.format(
            "%s has 0x%x bytes at 0x%x, and the file 0x%x", what, size, offset, file.size()),
        "the file may be cut short: compare its size with the original's");
  }

  private static KexecException bad(String message) {
    return new KexecException(
        Reason.BAD_HEADER, message, "firmware's LoadImage refuses it: build the image anew");
  }
}
