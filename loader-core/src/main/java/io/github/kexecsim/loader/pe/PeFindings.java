package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.FindingList;
import io.github.kexecsim.loader.report.Flaw;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What is wrong or odd about an EFI application. A defect is what a loader refuses or gets wrong:
 * firmware (edk2 MdePkg BasePeCoffLib), or shim, which asks for more ({@code pe.c, handle_image}
 * and {@code pe-relocate.c, read_header}). Whether it starts where memory is protected is asked of
 * {@link WriteXorExecute}: of older kernels none does.
 */
public final class PeFindings {
  private final PeHeader header;
  private final ByteView file;
  private final FindingList found = new FindingList("the PE header");

  private final Predicate<PeHeader.Section> sized;

  private PeFindings(PeHeader header, ByteView file, Predicate<PeHeader.Section> sized) {
    this.header = header;
    this.file = file;
    this.sized = sized;
  }

  /** Of a file that may have a PE header: at most 21, defects first, none if it has no header. */
  public static List<Finding> of(ByteView file) {
    Optional<PeHeader> header;
    try {
      header = PeHeader.find(file);
    } catch (KexecException e) {
      return List.of(
          new Finding(
              Flaw.BAD_PE_HEADER, "the PE header cannot be read: " + e.getMessage(), e.hint()));
    }
    return header.map(found -> of(found, file)).orElse(List.of());
  }

  /**
   * Of a header.
   *
   * @param file the bytes that it was parsed from
   */
  public static List<Finding> of(PeHeader header, ByteView file) {
    return of(header, file, section -> true);
  }

  /**
   * Of a header.
   *
   * @param file the bytes that it was parsed from
   * @param sized which sections to look at for {@link Flaw#SECTION_ZERO_FILLED}
   */
  public static List<Finding> of(
      PeHeader header, ByteView file, Predicate<PeHeader.Section> sized) {
    PeFindings findings = new PeFindings(header, file, sized);
    findings.findDefects();
    findings.findOddities();
    return findings.found.asList();
  }

  private void findDefects() {
    checkInFile(() -> "SizeOfHeaders", 0, header.sizeOfHeaders());
    header
        .certificateTable()
        .ifPresent(
            table -> checkInFile(() -> "the certificate table", table.offset(), table.size()));
    checkHeadersAgree();
    if (Long.bitCount(header.sectionAlignment()) != 1) {
      add(
          Flaw.BAD_SECTION_ALIGNMENT,
          "link it with a SectionAlignment of 0x1000",
          "SectionAlignment 0x%x is not a power of two",
          header.sectionAlignment());
    }
    for (PeHeader.Section section : header.sections()) {
      checkInFile(() -> nameOf(section), section.rawOffset(), section.rawSize());
      checkPlace(section);
    }
    SectionOverlaps.inMemory(header, found);
    checkEntry();
  }

  private void checkInFile(Supplier<String> what, long offset, long size) {
    if (size != 0 && size > file.size() - offset) {
      found.add(
          Flaw.BEYOND_FILE,
          () ->
              finding(
                  Flaw.BEYOND_FILE,
                  "the file may be cut short: compare its size with the original's",
                  "%s reaches from 0x%x to 0x%x, and the file ends at 0x%x",
                  what.get(),
                  offset,
                  offset + size,
                  file.size()));
    }
  }

  private void checkHeadersAgree() {
    if (!header.directoriesFillOptionalHeader()
        || header.numberOfRvaAndSizes() > PeHeader.MAX_DIRECTORIES) {
      add(
          Flaw.HEADERS_DISAGREE,
          "write as many data directories as the optional header has room for",
          "SizeOfOptionalHeader is 0x%x, and NumberOfRvaAndSizes 0x%x",
          header.sizeOfOptionalHeader(),
          header.numberOfRvaAndSizes());
    }
    if (!header.headersCoverSectionTable()) {
      add(
          Flaw.HEADERS_DISAGREE,
          "let SizeOfHeaders cover the section table",
          "the section table ends at 0x%x, and SizeOfHeaders is 0x%x",
          header.sectionTableEnd(),
          header.sizeOfHeaders());
    }
    if (header.sizeOfHeaders() >= header.sizeOfImage() || !header.imageHasRoomForSectionTable()) {
      add(
          Flaw.HEADERS_DISAGREE,
          "let SizeOfImage cover the headers and what is behind them",
          "SizeOfImage is 0x%x, SizeOfHeaders 0x%x, and the section table ends at 0x%x",
          header.sizeOfImage(),
          header.sizeOfHeaders(),
          header.sectionTableEnd());
    }
  }

  private void checkPlace(PeHeader.Section section) {
    if (section.memorySize() == 0) {
      return;
    }
    if (header.isStoredOverHeaders(section) || section.virtualAddress() < header.sizeOfHeaders()) {
      found.add(
          Flaw.SECTION_OVER_HEADERS,
          () ->
              finding(
                  Flaw.SECTION_OVER_HEADERS,
                  "put it behind the headers",
                  "%s is at 0x%x in memory and at 0x%x in the file, where the headers are up to 0x%x",
                  nameOf(section),
                  section.virtualAddress(),
                  section.rawOffset(),
                  header.sizeOfHeaders()));
    }
    if (section.memoryEnd() > header.sizeOfImage()) {
      found.add(
          Flaw.SECTION_BEYOND_IMAGE,
          () ->
              finding(
                  Flaw.SECTION_BEYOND_IMAGE,
                  String.format("set SizeOfImage to 0x%x at least", section.memoryEnd()),
                  "%s takes 0x%x to 0x%x in memory, and SizeOfImage is 0x%x",
                  nameOf(section),
                  section.virtualAddress(),
                  section.memoryEnd(),
                  header.sizeOfImage()));
    }
  }

  private void checkEntry() {
    long entry = header.addressOfEntryPoint();
    boolean inside =
        header.sections().stream()
            .anyMatch(section -> section.virtualAddress() <= entry && entry < section.memoryEnd());
    if (!inside) {
      add(
          Flaw.ENTRY_OUTSIDE,
          "point AddressOfEntryPoint into the code",
          "the entry point 0x%x is in no section",
          entry);
    } else {
      WriteXorExecute.entryNotCode(header)
          .ifPresent(finding -> found.add(finding.flaw(), () -> finding));
    }
  }

  private void findOddities() {
    List<PeHeader.Section> both = WriteXorExecute.writableAndExecutable(header);
    if (!both.isEmpty()) {
      found.add(Flaw.WRITABLE_AND_EXECUTABLE, () -> WriteXorExecute.writableAndExecutable(both));
    }
    if (header.relocationsStripped()) {
      add(
          Flaw.RELOCATIONS_STRIPPED,
          "link it so that it can be relocated",
          "relocations are stripped: it runs at 0x%x only, and shim refuses it",
          header.imageBase());
    }
    checkOrder();
    SectionOverlaps.inFile(header, found);
    for (PeHeader.Section section : header.sections()) {
      checkAlignment(section);
      checkFilled(section);
    }
  }

  private void checkOrder() {
    for (int i = 1; i < header.sections().size(); i++) {
      PeHeader.Section before = header.sections().get(i - 1);
      PeHeader.Section section = header.sections().get(i);
      if (section.virtualAddress() < before.virtualAddress()) {
        add(
            Flaw.SECTIONS_UNORDERED,
            "the format wants the section table to ascend",
            "%s at 0x%x stands behind %s at 0x%x",
            nameOf(section),
            section.virtualAddress(),
            nameOf(before),
            before.virtualAddress());
        return;
      }
    }
  }

  private void checkAlignment(PeHeader.Section section) {
    if (Long.bitCount(header.sectionAlignment()) == 1
        && section.virtualAddress() % header.sectionAlignment() != 0) {
      found.add(
          Flaw.SECTION_MISALIGNED,
          () ->
              finding(
                  Flaw.SECTION_MISALIGNED,
                  "give it an address that is a multiple of SectionAlignment",
                  "%s is at 0x%x, and SectionAlignment is 0x%x",
                  nameOf(section),
                  section.virtualAddress(),
                  header.sectionAlignment()));
    }
  }

  /** What is written to is made zero as a matter of course: data with its BSS. */
  private void checkFilled(PeHeader.Section section) {
    if (!section.is(PeHeader.Section.WRITE)
        && section.virtualSize() > section.rawSize()
        && sized.test(section)) {
      found.add(
          Flaw.SECTION_ZERO_FILLED,
          () ->
              finding(
                  Flaw.SECTION_ZERO_FILLED,
                  "let its virtual size be the size of its content",
                  "%s has 0x%x bytes in memory and 0x%x in the file: the rest is zero",
                  nameOf(section),
                  section.virtualSize(),
                  section.rawSize()));
    }
  }

  private void add(Flaw flaw, String remedy, String format, Object... values) {
    found.add(flaw, () -> finding(flaw, remedy, format, values));
  }

  private static Finding finding(Flaw flaw, String remedy, String format, Object... values) {
    return new Finding(flaw, String.format(format, values), remedy);
  }

  static String nameOf(PeHeader.Section section) {
    return "section " + Field.printable(section.name());
  }
}
