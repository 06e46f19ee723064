package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.report.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The PE/COFF header of an EFI application (Microsoft PE Format). All 32-bit fields are unsigned.
 * Sections are as written: whether they overlap or leave the file is for their reader to find.
 *
 * @param offset where {@code PE\0\0} stands in the file
 * @param machine the COFF machine number, 16 bits
 * @param characteristics the COFF characteristics, 16 bits
 * @param pe32Plus whether the optional header is PE32+ (64-bit)
 * @param addressOfEntryPoint relative to the image's base
 * @param imageBase 64 raw bits
 * @param sectionAlignment in memory, bytes
 * @param fileAlignment in the file, bytes
 * @param majorImageVersion the EFI stub's version in Linux images
 * @param minorImageVersion the EFI stub's version in Linux images
 * @param sizeOfImage bytes in memory, headers included
 * @param sizeOfHeaders bytes of all headers
 * @param subsystem 10 for an EFI application
 * @param dllCharacteristics 16 bits
 * @param sizeOfOptionalHeader bytes between the COFF header and the section table, 16 bits
 * @param numberOfRvaAndSizes how many data directories the header says there are
 * @param directories the data directories: 16 at most, and no more than the optional header holds
 * @param sections in the order of the table
 */
public record PeHeader(
    long offset,
    int machine,
    int characteristics,
    boolean pe32Plus,
    long addressOfEntryPoint,
    long imageBase,
    long sectionAlignment,
    long fileAlignment,
    int majorImageVersion,
    int minorImageVersion,
    long sizeOfImage,
    long sizeOfHeaders,
    int subsystem,
    int dllCharacteristics,
    int sizeOfOptionalHeader,
    long numberOfRvaAndSizes,
    List<DataDirectory> directories,
    List<Section> sections) {
  /** {@code IMAGE_SUBSYSTEM_EFI_APPLICATION}. */
  public static final int EFI_APPLICATION = 10;

  private static final int EFI_RUNTIME_DRIVER = 12;

  /** {@code IMAGE_FILE_RELOCS_STRIPPED}: it runs at its image base and nowhere else. */
  public static final int RELOCS_STRIPPED = 1;

  /** {@code IMAGE_DLLCHARACTERISTICS_NX_COMPAT}. */
  public static final int NX_COMPAT = 0x100;

  /** The optional header's magic of 32-bit images. */
  public static final int PE32 = 0x10b;

  /** The optional header's magic of 64-bit images. */
  public static final int PE32_PLUS = 0x20b;

  /** Bytes of the signature and the COFF header. */
  public static final int COFF_SIZE = 24;

  /** Bytes of a row of the section table. */
  public static final int SECTION_SIZE = 40;

  /** How many data directories the format has. */
  public static final int MAX_DIRECTORIES = 16;

  private static final String SIGNATURE = "PE\0\0";
  private static final int CERTIFICATE_DIRECTORY = 4;
  private static final int RELOCATION_DIRECTORY = 5;

  /** Where the DOS header says where the PE header is. */
  private static final int PE_OFFSET_OFFSET = 0x3c;

  public PeHeader {
    directories = List.copyOf(directories);
    sections = List.copyOf(sections);
  }

  /**
   * The attribute certificate table.
   *
   * @param offset in the file, unlike the other directories' addresses
   * @param size bytes
   */
  public record CertificateTable(long offset, long size) {}

  /**
   * A data directory.
   *
   * @param address relative to the image's base
   * @param size bytes
   */
  public record DataDirectory(long address, long size) {}

  /**
   * One row of the section table.
   *
   * @param name up to 8 characters, one a byte
   * @param virtualSize bytes in memory
   * @param virtualAddress relative to the image's base
   * @param rawSize bytes in the file, padded to the file alignment
   * @param rawOffset where the bytes begin in the file
   * @param characteristics 32 bits
   */
  public record Section(
      String name,
      long virtualSize,
      long virtualAddress,
      long rawSize,
      long rawOffset,
      long characteristics) {
    /** Characteristic: it has code. */
    public static final long CODE = 0x20;

    /** Characteristic: it has initialized data. */
    public static final long INITIALIZED_DATA = 0x40;

    /** Characteristic: it has uninitialized data. */
    public static final long UNINITIALIZED_DATA = 0x80;

    /** Characteristic: it is not needed once the image runs. */
    public static final long DISCARDABLE = 0x0200_0000;

    /** Characteristic: it can be executed. */
    public static final long EXECUTE = 0x2000_0000;

    /** Characteristic: it can be read. */
    public static final long READ = 0x4000_0000;

    /** Characteristic: it can be written. */
    public static final long WRITE = 0x8000_0000L;

    /**
     * How many bytes it takes in memory: firmware takes a virtual size of 0 for the size in the
     * file (edk2 BasePeCoffLib, PeCoffLoaderLoadImage).
     */
    public long memorySize() {
      return virtualSize == 0 ? rawSize : virtualSize;
    }

    /** Where it ends in memory, relative to the image's base. */
    public long memoryEnd() {
      return virtualAddress + memorySize();
    }

    /** Whether it has all of these characteristics. */
    public boolean is(long bits) {
      return (characteristics & bits) == bits;
    }

    /**
     * The section's bytes without the padding of the file: the lesser of both sizes, since either
     * may be the larger one.
     *
     * @throws KexecException {@link Reason#TRUNCATED} when they are not inside {@code file}
     */
    public ByteView in(ByteView file) {
      return file.slice(rawOffset, Math.min(virtualSize, rawSize));
    }
  }

  /**
   * Reads the header of a file that begins with {@code MZ} and says where the header is; empty for
   * one that does not, or where no PE header is there.
   *
   * @throws KexecException what {@link #parse} throws
   */
  public static Optional<PeHeader> find(ByteView file) {
    if (!file.matches(0, "MZ") || file.size() < PE_OFFSET_OFFSET + 4) {
      return Optional.empty();
    }
    long offset = file.u32le(PE_OFFSET_OFFSET);
    return file.matches(offset, SIGNATURE) ? Optional.of(parse(file, offset)) : Optional.empty();
  }

  /** How many sections the header of a file says that there are; 0 where it has none. */
  public static int sectionCount(ByteView file) {
    if (!file.matches(0, "MZ") || file.size() < PE_OFFSET_OFFSET + 4) {
      return 0;
    }
    long offset = file.u32le(PE_OFFSET_OFFSET);
    return file.matches(offset, SIGNATURE) && offset + 8 <= file.size()
        ? file.u16le(offset + 6)
        : 0;
  }

  /**
   * Reads the header at {@code offset}.
   *
   * @throws KexecException {@link Reason#TRUNCATED} when the header or its section table does not
   *     fit into {@code file}, {@link Reason#BAD_HEADER} when it is no PE header
   */
  public static PeHeader parse(ByteView file, long offset) {
    if (!file.matches(offset, SIGNATURE)) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("no PE signature at offset 0x%x", offset),
          "the file may be damaged: compare its digest with the original's");
    }
    int sectionCount = file.u16le(offset + 6);
    int optionalSize = file.u16le(offset + 20);
    ByteView optional = file.slice(offset + COFF_SIZE, optionalSize);
    int magic = file.u16le(offset + COFF_SIZE);
    if (magic != PE32 && magic != PE32_PLUS) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "optional header magic 0x%x at offset 0x%x, expected 0x10b (PE32) or 0x20b (PE32+)",
              magic, offset + COFF_SIZE),
          "");
    }
    boolean plus = magic == PE32_PLUS;
    int fixedSize = fixedSize(plus);
    if (optionalSize < fixedSize) {
      throw new KexecException(
          Reason.TRUNCATED,
          String.format(
              "the optional header at offset 0x%x has 0x%x bytes, and needs 0x%x",
              offset + COFF_SIZE, optionalSize, fixedSize),
          "the file may be damaged: compare its digest with the original's");
    }
    long directoryCount = optional.u32le(plus ? 108 : 92);
    return new PeHeader(
        offset,
        file.u16le(offset + 4),
        file.u16le(offset + 22),
        plus,
        optional.u32le(16),
        plus ? optional.u64le(24) : optional.u32le(28),
        optional.u32le(32),
        optional.u32le(36),
        optional.u16le(44),
        optional.u16le(46),
        optional.u32le(56),
        optional.u32le(60),
        optional.u16le(68),
        optional.u16le(70),
        optionalSize,
        directoryCount,
        directories(optional.from(fixedSize), directoryCount),
        sections(file.slice(offset + COFF_SIZE + optionalSize, sectionCount * SECTION_SIZE)));
  }

  /** Bytes of the optional header in front of the data directories. */
  private static int fixedSize(boolean plus) {
    return plus ? 112 : 96;
  }

  private static List<DataDirectory> directories(ByteView table, long count) {
    long held = Math.min(Math.min(count, MAX_DIRECTORIES), table.size() / 8);
    List<DataDirectory> directories = new ArrayList<>();
    for (int i = 0; i < held; i++) {
      directories.add(new DataDirectory(table.u32le(8 * i), table.u32le(8 * i + 4)));
    }
    return directories;
  }

  private static List<Section> sections(ByteView table) {
    List<Section> sections = new ArrayList<>();
    for (int row = 0; row < table.size(); row += SECTION_SIZE) {
      sections.add(
          new Section(
              table.cString(row, 8),
              table.u32le(row + 8),
              table.u32le(row + 12),
              table.u32le(row + 16),
              table.u32le(row + 20),
              table.u32le(row + 36)));
    }
    return sections;
  }

  /** The architecture of {@link #machine()}; empty for one that is not modelled. */
  public Optional<Architecture> architecture() {
    return PeMachine.architectureOf(machine);
  }

  /** Whether it is an EFI application or an EFI driver. */
  public boolean isEfi() {
    return subsystem >= EFI_APPLICATION && subsystem <= EFI_RUNTIME_DRIVER;
  }

  /** Where signatures stand in the file; empty where there are none. */
  public Optional<CertificateTable> certificateTable() {
    return directory(CERTIFICATE_DIRECTORY)
        .map(table -> new CertificateTable(table.address(), table.size()));
  }

  /** Where the base relocations are in memory; empty where there are none. */
  public Optional<DataDirectory> relocationTable() {
    return directory(RELOCATION_DIRECTORY);
  }

  private Optional<DataDirectory> directory(int index) {
    return directories.stream().skip(index).findFirst().filter(entry -> entry.size() != 0);
  }

  /** Whether it runs at its image base and nowhere else. */
  public boolean relocationsStripped() {
    return (characteristics & RELOCS_STRIPPED) != 0;
  }

  /** Where the section table ends in the file. */
  public long sectionTableEnd() {
    return offset + COFF_SIZE + sizeOfOptionalHeader + (long) SECTION_SIZE * sections.size();
  }

  /** Whether the optional header ends where its last data directory does. */
  boolean directoriesFillOptionalHeader() {
    return sizeOfOptionalHeader - fixedSize(pe32Plus) == 8 * numberOfRvaAndSizes;
  }

  /** Whether SizeOfHeaders goes beyond where the section table begins, and has the whole of it. */
  boolean headersCoverSectionTable() {
    return sizeOfHeaders >= sectionTableEnd()
        && sizeOfHeaders > offset + COFF_SIZE + sizeOfOptionalHeader;
  }

  /** Whether the section table would be inside SizeOfImage even if it had a row more. */
  boolean imageHasRoomForSectionTable() {
    return sizeOfImage >= sectionTableEnd() + SECTION_SIZE;
  }

  /** Whether a section with bytes in the file is where the headers are, there or in memory. */
  boolean isStoredOverHeaders(Section section) {
    return section.rawSize() != 0
        && (section.virtualAddress() < sizeOfHeaders || section.rawOffset() < sizeOfHeaders);
  }

  /** Whether the image says that it runs with data pages that cannot be executed. */
  public boolean nxCompat() {
    return (dllCharacteristics & NX_COMPAT) != 0;
  }

  /** Fields worth showing, in the order of the header; not the sections. */
  public List<Field> fields() {
    List<Field> fields = new ArrayList<>();
    fields.add(Field.hex("Machine", machine, PeMachine.describe(machine)));
    fields.add(Field.hex("AddressOfEntryPoint", addressOfEntryPoint, ""));
    fields.add(Field.hex("SectionAlignment", sectionAlignment, ""));
    fields.add(Field.hex("FileAlignment", fileAlignment, ""));
    fields.add(
        Field.text(
            "ImageVersion", majorImageVersion + "." + minorImageVersion, "EFI stub version"));
    fields.add(Field.hex("SizeOfImage", sizeOfImage, "bytes in memory"));
    fields.add(Field.hex("SizeOfHeaders", sizeOfHeaders, ""));
    fields.add(
        Field.decimal(
            "Subsystem", subsystem, subsystem == EFI_APPLICATION ? "EFI application" : ""));
    fields.add(
        Field.hex("DllCharacteristics", dllCharacteristics, nxCompat() ? "NX compatible" : ""));
    certificateTable()
        .ifPresent(
            table ->
                fields.add(
                    Field.hex(
                        "CertificateTable",
                        table.offset(),
                        String.format("0x%x bytes of signatures", table.size()))));
    return fields;
  }
}
