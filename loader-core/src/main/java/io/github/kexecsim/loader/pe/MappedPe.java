package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An image in memory as firmware's LoadImage maps it (edk2 MdePkg BasePeCoffLib, {@code
 * PeCoffLoaderLoadImage} and {@code PeCoffLoaderRelocateImage}): the headers, then section after
 * section in the order of the table, each with as many bytes as both its sizes allow and the rest
 * zero, then base relocations. Where nothing is put, memory keeps what it had.
 *
 * @param header the image's header
 * @param range where it lies, {@code SizeOfImage} bytes
 * @param content its bytes; zero where nothing is put
 * @param parts the headers, then the sections that take memory, in the order of the table
 * @param relocated how many words were changed because it does not lie at its image base
 */
public record MappedPe(
    PeHeader header, PhysRange range, ByteView content, List<Part> parts, int relocated) {
  private static final int IMAGE_BASE_OFFSET = 24;

  public MappedPe {
    parts = List.copyOf(parts);
  }

  /**
   * A part of an image in memory.
   *
   * @param name the section's; empty for the headers
   * @param range where it lies
   * @param fromFile how many of its bytes come from the file; the rest is made zero
   * @param protection what edk2 lets it be used for
   */
  public record Part(String name, PhysRange range, long fromFile, Protection protection) {
    /** What is made zero. */
    public PhysRange zeros() {
      return new PhysRange(range.start() + fromFile, range.end());
    }
  }

  /**
   * Maps an image where firmware puts it.
   *
   * @param file the bytes that {@code header} was parsed from
   * @param memory what is free
   * @param maxSize how many bytes it may take, 0 to 2^31 - 9
   * @throws KexecException what {@link #of(PeHeader, ByteView, long, long)} throws, and {@link
   *     Reason#NO_ROOM}
   */
  public static MappedPe of(PeHeader header, ByteView file, FirmwareMemory memory, long maxSize) {
    LoadRules.check(header, file, maxSize);
    return map(header, file, memory.baseFor(header));
  }

  /**
   * Maps an image.
   *
   * @param file the bytes that {@code header} was parsed from
   * @param base where it is put: its image base, or another address
   * @param maxSize how many bytes it may take, 0 to 2^31 - 9
   * @throws KexecException {@link Reason#BAD_HEADER} for what firmware does not load, {@link
   *     Reason#TRUNCATED} when the file has less than the header says, {@link
   *     Reason#LIMIT_EXCEEDED}, and {@link Reason#BAD_MEMORY_MAP} for a base beyond physical
   *     addresses
   */
  public static MappedPe of(PeHeader header, ByteView file, long base, long maxSize) {
    LoadRules.check(header, file, maxSize);
    return map(header, file, base);
  }

  private static MappedPe map(PeHeader header, ByteView file, long base) {
    LoadRules.checkBase(header, base);
    PhysRange range = PhysRange.ofSize(base, header.sizeOfImage());
    byte[] image = new byte[(int) header.sizeOfImage()];
    List<Protection> protections = SectionProtections.of(header);
    List<Part> parts = new ArrayList<>();
    file.copyTo(0, image, 0, (int) header.sizeOfHeaders());
    parts.add(
        new Part(
            "",
            PhysRange.ofSize(base, header.sizeOfHeaders()),
            header.sizeOfHeaders(),
            SectionProtections.ofHeaders(header)));
    for (int i = 0; i < header.sections().size(); i++) {
      PeHeader.Section section = header.sections().get(i);
      if (section.memorySize() != 0) {
        long fromFile = put(section, file, image);
        PhysRange place = PhysRange.ofSize(base + section.virtualAddress(), section.memorySize());
        parts.add(new Part(section.name(), place, fromFile, protections.get(i)));
      }
    }
    return new MappedPe(
        header,
        range,
        ByteView.of(image),
        parts,
        relocate(header, image, base - header.imageBase()));
  }

  private static long put(PeHeader.Section section, ByteView file, byte[] image) {
    int from = (int) section.virtualAddress();
    int stored = (int) Math.min(section.memorySize(), section.rawSize());
    if (stored != 0) {
      file.copyTo(section.rawOffset(), image, from, stored);
    }
    // An earlier section may have been here.
    Arrays.fill(image, from + stored, (int) section.memoryEnd(), (byte) 0);
    return stored;
  }

  private static int relocate(PeHeader header, byte[] image, long delta) {
    if (delta == 0 || header.relocationsStripped()) {
      return 0;
    }
    writeImageBase(header, image, header.imageBase() + delta);
    return header
        .relocationTable()
        .map(table -> new BaseRelocations(image, delta).apply(table))
        .orElse(0);
  }

  /** The header in memory tells where the image lies. */
  private static void writeImageBase(PeHeader header, byte[] image, long base) {
    long at = header.offset() + PeHeader.COFF_SIZE + IMAGE_BASE_OFFSET;
    ByteBuffer out = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    if (header.pe32Plus()) {
      out.putLong((int) at, base);
    } else {
      out.putInt((int) at + 4, (int) base);
    }
  }

  /** Where the image begins. */
  public long base() {
    return range.start();
  }

  /** Where it is entered. */
  public long entry() {
    return range.start() + header.addressOfEntryPoint();
  }

  /**
   * What firmware makes zero and a loader must that does the same without it, ascending: the BSS. A
   * loader that copies the file and no more leaves there what memory held.
   */
  public List<PhysRange> zeros() {
    return PhysRangeSet.of(parts.stream().map(Part::zeros).toList()).ranges();
  }

  /** What no part covers, ascending: firmware puts nothing there. */
  public List<PhysRange> untouched() {
    return PhysRangeSet.of(parts.stream().map(Part::range).toList()).cutOutOf(List.of(range));
  }
}
