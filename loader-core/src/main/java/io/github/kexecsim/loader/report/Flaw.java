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
  /** An endianness that the format does not know. */
  UNKNOWN_ENDIANNESS(Severity.DEFECT),
  /** A zImage: it is loaded low, which nothing does any more. */
  NOT_LOADED_HIGH(Severity.DEFECT),
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
  NOT_MODELLED(Severity.WARNING);

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
