package io.github.kexecsim.loader.report;

import java.util.Locale;

/** The kinds of {@link Finding}. */
public enum Flaw {
  /** A size or an offset in a header leads beyond the end of the file. */
  BEYOND_FILE(Severity.DEFECT),
  /** The header names a compression method that no kernel build writes. */
  UNKNOWN_METHOD(Severity.DEFECT),
  /** The payload begins like another compression method than the header names. */
  METHOD_MISMATCH(Severity.DEFECT),
  /** The gzip header has parts that the image's own stub does not skip. */
  GZIP_HEADER_PARTS(Severity.DEFECT),
  /** The header says that the image takes no memory. */
  NO_IMAGE_SIZE(Severity.DEFECT),
  /** The file is larger than the memory that its header asks for. */
  LARGER_THAN_IMAGE_SIZE(Severity.DEFECT),
  /** A UKI has no kernel in the profile that is started. */
  NO_KERNEL_SECTION(Severity.DEFECT),
  /** A section that may be there once is there several times. */
  REPEATED_SECTION(Severity.DEFECT),
  /** A section's size in memory is larger than its data, which is all that it ought to have. */
  VIRTUAL_SIZE_BEYOND_DATA(Severity.DEFECT),
  /** The UKI's kernel reaches into the section behind it. */
  KERNEL_LARGER_THAN_SLOT(Severity.DEFECT),
  /** The UKI's kernel is run where it lies, and has not the room that it needs there. */
  NO_ROOM_TO_DECOMPRESS(Severity.DEFECT),
  /** The UKI's kernel is for another architecture than its stub. */
  KERNEL_OF_OTHER_ARCHITECTURE(Severity.DEFECT),
  /** The UKI's command line is longer than its kernel takes. */
  COMMAND_LINE_TOO_LONG(Severity.DEFECT),
  /** The header has the kernel entered where the image is not. */
  ENTRY_OUTSIDE_IMAGE(Severity.DEFECT),
  /** An endianness that the format does not know. */
  UNKNOWN_ENDIANNESS(Severity.DEFECT),
  /** A zImage: it is loaded low, which nothing does any more. */
  NOT_LOADED_HIGH(Severity.DEFECT),
  /** There is a PE signature, and the header behind it cannot be read. */
  BAD_PE_HEADER(Severity.DEFECT),
  /** Two PE sections take the same memory. */
  SECTIONS_OVERLAP(Severity.DEFECT),
  /** A PE section is where the headers are, in memory or in the file. */
  SECTION_OVER_HEADERS(Severity.DEFECT),
  /** A PE section takes memory beyond SizeOfImage. */
  SECTION_BEYOND_IMAGE(Severity.DEFECT),
  /** SectionAlignment is not a power of two. */
  BAD_SECTION_ALIGNMENT(Severity.DEFECT),
  /**
   * The PE section table is not inside SizeOfHeaders, the headers not inside SizeOfImage, or the
   * data directories not what the optional header has room for.
   */
  HEADERS_DISAGREE(Severity.DEFECT),
  /** The PE entry point is in no section. */
  ENTRY_OUTSIDE(Severity.DEFECT),
  /** A section with a device tree has none in it that can be read. */
  BAD_DEVICE_TREE(Severity.DEFECT),
  /** Flags are set that the format does not define. */
  UNDEFINED_FLAGS(Severity.WARNING),
  /** A magic number is missing that the format's early versions did without. */
  MAGIC_MISSING(Severity.WARNING),
  /** The header says that it ends before the fields of its own version. */
  HEADER_ENDS_EARLY(Severity.WARNING),
  /** A UKI has no os-release. */
  NO_OS_RELEASE(Severity.WARNING),
  /** A section that means something has no bytes. */
  EMPTY_SECTION(Severity.WARNING),
  /** A section with text has a NUL in it. */
  NUL_IN_TEXT(Severity.WARNING),
  /** The UKI's kernel has too little room where it lies; its stub runs it elsewhere. */
  LITTLE_ROOM_BEHIND_KERNEL(Severity.WARNING),
  /** There is no 64-bit entry point. */
  NO_64_BIT_ENTRY(Severity.WARNING),
  /** The architecture is not modelled. */
  NOT_MODELLED(Severity.WARNING),
  /** The payload reaches beyond the part of the file that is loaded as the kernel. */
  PAYLOAD_NOT_INSIDE(Severity.DEFECT),
  /** An alignment that is no power of two. */
  ALIGNMENT_NOT_A_POWER_OF_TWO(Severity.DEFECT),
  /** The preferred load address is no multiple of the alignment. */
  PREF_ADDRESS_MISALIGNED(Severity.DEFECT),
  /** Flags are set that exclude each other, or one without another that it needs. */
  CONTRADICTING_FLAGS(Severity.WARNING),
  /** The memory asked for is too small to decompress the kernel in it. */
  INIT_SIZE_TOO_SMALL(Severity.DEFECT),
  /** The program headers of an ELF file cannot be read. */
  PROGRAM_HEADERS_UNREADABLE(Severity.DEFECT),
  /** A segment of an ELF file is placed outside the memory that there is for it. */
  SEGMENT_OUTSIDE(Severity.DEFECT),
  /** A segment of an ELF file is not aligned as its loader demands. */
  SEGMENT_MISALIGNED(Severity.DEFECT),
  /** The list of places to relocate is malformed, or leads out of the kernel. */
  RELOCATIONS_MALFORMED(Severity.DEFECT),
  /** The code of the image's start is said to reach beyond the image. */
  CODE_BEYOND_IMAGE(Severity.DEFECT),
  /** The format was proposed for kernels, and no released kernel has it. */
  PROPOSED_FORMAT(Severity.WARNING),
  /** Two PE sections have bytes of the file in common. */
  SECTIONS_SHARE_BYTES(Severity.WARNING),
  /** The PE section table does not ascend by address. */
  SECTIONS_UNORDERED(Severity.WARNING),
  /** A PE section's address is no multiple of SectionAlignment. */
  SECTION_MISALIGNED(Severity.WARNING),
  /** A PE section that is only read has less bytes in the file than in memory. */
  SECTION_ZERO_FILLED(Severity.WARNING),
  /** A PE section may be both written and executed. */
  WRITABLE_AND_EXECUTABLE(Severity.WARNING),
  /** The PE entry point is in no section that is code alone. */
  ENTRY_NOT_CODE(Severity.WARNING),
  /** The PE image runs at its image base only. */
  RELOCATIONS_STRIPPED(Severity.WARNING),
  /** The PE image does not say that it runs where data cannot be executed. */
  NX_COMPAT_MISSING(Severity.WARNING),
  /** PE sections are not apart by whole pages, and cannot be protected apart. */
  SECTIONS_SHARE_PAGES(Severity.WARNING),
  /** There are more findings than are listed. */
  MORE_FINDINGS(Severity.WARNING);

  private final Severity severity;

  Flaw(Severity severity) {
    this.severity = severity;
  }

  public Severity severity() {
    return severity;
  }

  /** The name as JSON shows it: lower case, with hyphens. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
