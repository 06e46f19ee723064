package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.bytes.ByteView;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Writes a PE32+ image (Microsoft PE Format): what stands in front, the headers, then the sections
 * in the order in which they were added, each from a multiple of the file alignment.
 *
 * <p>What is not asked for is as it ought to be, and what is asked for is written as it is: no
 * value is held against another, so that images can be made which are defective.
 */
public final class PeWriter {
  private static final int MZ = 0x5a4d;
  private static final int PE = 0x4550;
  private static final int DOS_HEADER_SIZE = 0x40;
  private static final int PE_OFFSET_OFFSET = 0x3c;

  /** Bytes of a PE32+ optional header before its data directories. */
  private static final int OPTIONAL_SIZE = 112;

  private static final int DIRECTORY_SIZE = 8;

  /** Executable, without line numbers and debug information: as kernels have it. */
  private static final int CHARACTERISTICS = 0x0002 | 0x0004 | 0x0200;

  private final int machine;
  private final List<Content> sections = new ArrayList<>();
  private byte[] front = new byte[DOS_HEADER_SIZE];
  private long[] directories = new long[2 * 16];
  private int characteristics = CHARACTERISTICS;
  private int dllCharacteristics = PeHeader.NX_COMPAT;
  private int subsystem = PeHeader.EFI_APPLICATION;
  private int majorImageVersion;
  private int minorImageVersion;
  private long imageBase;
  private int sectionAlignment = 0x1000;
  private int fileAlignment = 0x200;
  private OptionalLong addressOfEntryPoint = OptionalLong.empty();
  private OptionalLong sizeOfImage = OptionalLong.empty();
  private OptionalInt sizeOfHeaders = OptionalInt.empty();

  /**
   * A row of the section table, and the bytes that go into the file for it.
   *
   * @param asIs whether the row's place in the file is written as it is
   */
  private record Content(PeHeader.Section row, ByteView data, boolean asIs) {
    PeHeader.Section at(long offset) {
      return asIs || data.size() == 0
          ? row
          : new PeHeader.Section(
              row.name(),
              row.virtualSize(),
              row.virtualAddress(),
              row.rawSize(),
              offset,
              row.characteristics());
    }
  }

  /**
   * An image without sections.
   *
   * @param machine the COFF machine number, 16 bits: {@link PeMachine#number()}, or any other
   */
  public PeWriter(int machine) {
    this.machine = machine;
  }

  /** An image without sections for a known machine. */
  public PeWriter(PeMachine machine) {
    this(machine.number());
  }

  /**
   * What stands before the PE header, 0x40 bytes at least; zeros unless told. {@code MZ} and the PE
   * header's offset are put into it.
   */
  public PeWriter front(ByteView bytes) {
    if (bytes.size() < DOS_HEADER_SIZE) {
      throw new IllegalArgumentException("a DOS header of " + bytes.size() + " bytes");
    }
    front = bytes.toByteArray();
    return this;
  }

  /** The COFF characteristics, 16 bits. */
  public PeWriter characteristics(int bits) {
    characteristics = bits;
    return this;
  }

  /** 16 bits; {@link PeHeader#NX_COMPAT} unless told. */
  public PeWriter dllCharacteristics(int bits) {
    dllCharacteristics = bits;
    return this;
  }

  /** 16 bits; {@link PeHeader#EFI_APPLICATION} unless told. */
  public PeWriter subsystem(int number) {
    subsystem = number;
    return this;
  }

  /** 16 bits each: Linux images have their EFI stub's version here. */
  public PeWriter imageVersion(int major, int minor) {
    majorImageVersion = major;
    minorImageVersion = minor;
    return this;
  }

  /** Where the image wants to be, 64 raw bits; 0 unless told. */
  public PeWriter imageBase(long address) {
    imageBase = address;
    return this;
  }

  /** Bytes; 4 KiB unless told. */
  public PeWriter sectionAlignment(int bytes) {
    sectionAlignment = bytes;
    return this;
  }

  /** Bytes; 512 unless told. */
  public PeWriter fileAlignment(int bytes) {
    fileAlignment = bytes;
    return this;
  }

  /** Relative to the image's base; the first executable section unless told. */
  public PeWriter entryPoint(long address) {
    addressOfEntryPoint = OptionalLong.of(address);
    return this;
  }

  /** Bytes in memory; up to the last section's end, aligned, unless told. */
  public PeWriter sizeOfImage(long bytes) {
    sizeOfImage = OptionalLong.of(bytes);
    return this;
  }

  /**
   * Bytes of all headers; up to the end of the section table, aligned for the file, unless told.
   * Where that is more, the first section's bytes begin behind it.
   */
  public PeWriter sizeOfHeaders(int bytes) {
    sizeOfHeaders = OptionalInt.of(bytes);
    return this;
  }

  /** How many data directories there are; 16 unless told. To be called before any is set. */
  public PeWriter directoryCount(int count) {
    directories = new long[2 * count];
    return this;
  }

  /** A row of the data directories: 5 for base relocations. The address is a file offset for 4. */
  public PeWriter directory(int index, long address, long size) {
    directories[2 * index] = address;
    directories[2 * index + 1] = size;
    return this;
  }

  /** A section whose bytes are all that it has in memory. */
  public PeWriter section(String name, long virtualAddress, ByteView data, long characteristics) {
    return section(name, virtualAddress, data.size(), data, characteristics);
  }

  /**
   * A section. Its size in the file is that of {@code data}, aligned.
   *
   * @param name up to 8 characters of ISO 8859-1
   * @param virtualAddress relative to the image's base
   * @param virtualSize bytes in memory
   * @param data its bytes in the file; may be empty
   * @param characteristics 32 bits, as {@link PeHeader.Section} names them
   */
  public PeWriter section(
      String name, long virtualAddress, long virtualSize, ByteView data, long characteristics) {
    long rawSize = align(data.size(), fileAlignment);
    return add(
        new PeHeader.Section(name, virtualSize, virtualAddress, rawSize, 0, characteristics),
        data,
        false);
  }

  /**
   * A section whose row is written as it is. Its bytes go behind those of the sections before it
   * all the same, whatever the row says.
   */
  public PeWriter section(PeHeader.Section row, ByteView data) {
    return add(row, data, true);
  }

  private PeWriter add(PeHeader.Section row, ByteView data, boolean asIs) {
    if (row.name().length() > 8) {
      throw new IllegalArgumentException("section name " + row.name());
    }
    sections.add(new Content(row, data, asIs));
    return this;
  }

  /** The image. The same calls give the same bytes. */
  public byte[] write() {
    long size = headersEnd();
    for (Content section : sections) {
      size += align(section.data().size(), fileAlignment);
    }
    byte[] image = new byte[Math.toIntExact(size)];
    ByteBuffer out = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    out.put(front);
    out.putShort(0, (short) MZ);
    out.putInt(PE_OFFSET_OFFSET, front.length);
    putHeader(out);
    long offset = headersEnd();
    for (Content section : sections) {
      putRow(out, section.at(offset));
      section.data().copyTo(0, image, (int) offset, section.data().size());
      offset += align(section.data().size(), fileAlignment);
    }
    return image;
  }

  private void putHeader(ByteBuffer out) {
    out.putInt(PE);
    out.putShort((short) machine).putShort((short) sections.size());
    out.putInt(0).putInt(0).putInt(0); // time stamp, symbol table
    out.putShort((short) optionalSize()).putShort((short) characteristics);

    out.putShort((short) PeHeader.PE32_PLUS).putShort((short) 0);
    out.putInt((int) sizeOf(PeHeader.Section.CODE));
    out.putInt((int) sizeOf(PeHeader.Section.INITIALIZED_DATA));
    out.putInt((int) sizeOf(PeHeader.Section.UNINITIALIZED_DATA));
    out.putInt((int) addressOfEntryPoint.orElse(first(PeHeader.Section.EXECUTE)));
    out.putInt((int) first(PeHeader.Section.CODE)); // BaseOfCode
    out.putLong(imageBase).putInt(sectionAlignment).putInt(fileAlignment);
    out.putInt(0); // operating system's version
    out.putShort((short) majorImageVersion).putShort((short) minorImageVersion);
    out.putInt(0).putInt(0); // subsystem's version, reserved
    out.putInt((int) sizeOfImage.orElse(memoryEnd()));
    out.putInt(sizeOfHeaders.orElse(headersEnd()));
    out.putInt(0); // checksum
    out.putShort((short) subsystem).putShort((short) dllCharacteristics);
    out.putLong(0).putLong(0).putLong(0).putLong(0).putInt(0); // stack, heap, loader flags
    out.putInt(directories.length / 2);
    for (long word : directories) {
      out.putInt((int) word);
    }
  }

  private static void putRow(ByteBuffer out, PeHeader.Section row) {
    int next = out.position() + PeHeader.SECTION_SIZE;
    out.put(row.name().getBytes(StandardCharsets.ISO_8859_1));
    out.position(next - PeHeader.SECTION_SIZE + 8);
    out.putInt((int) row.virtualSize()).putInt((int) row.virtualAddress());
    out.putInt((int) row.rawSize()).putInt((int) row.rawOffset());
    out.putInt(next - 4, (int) row.characteristics());
    out.position(next);
  }

  private int optionalSize() {
    return OPTIONAL_SIZE + DIRECTORY_SIZE * (directories.length / 2);
  }

  private int headersEnd() {
    int table =
        front.length
            + PeHeader.COFF_SIZE
            + optionalSize()
            + PeHeader.SECTION_SIZE * sections.size();
    return Math.max(sizeOfHeaders.orElse(0), (int) align(table, fileAlignment));
  }

  private long memoryEnd() {
    return sections.stream()
        .map(Content::row)
        .mapToLong(row -> align(row.virtualAddress() + row.virtualSize(), sectionAlignment))
        .reduce(align(headersEnd(), sectionAlignment), Math::max);
  }

  /** How many bytes the sections of a kind have in the file. */
  private long sizeOf(long kind) {
    return ofKind(kind).mapToLong(PeHeader.Section::rawSize).sum();
  }

  /** Where the first section of a kind is, 0 if there is none. */
  private long first(long kind) {
    return ofKind(kind).mapToLong(PeHeader.Section::virtualAddress).findFirst().orElse(0);
  }

  private Stream<PeHeader.Section> ofKind(long kind) {
    return sections.stream().map(Content::row).filter(row -> (row.characteristics() & kind) != 0);
  }

  /** Any alignment is taken, 0 and those that are no power of two included: loaders check it. */
  private static long align(long value, int alignment) {
    int to = Math.max(1, alignment);
    return (value + to - 1) / to * to;
  }
}
