package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The tables that an ELF header leads to (System V ABI, chapters 4 and 5). */
final class ElfTables {
  private static final int PN_XNUM = 0xffff;
  private static final int SHN_UNDEF = 0;
  private static final int SHN_XINDEX = 0xffff;

  private final ElfReader file;
  private final boolean is64Bit;

  ElfTables(ByteView file, boolean is64Bit, boolean bigEndian) {
    this.file = new ElfReader(file, is64Bit, bigEndian);
    this.is64Bit = is64Bit;
  }

  List<ProgramHeader> programHeaders() {
    List<ProgramHeader> headers = new ArrayList<>();
    for (ElfReader row : rows("program header", programTable(), programCount(), programSize())) {
      headers.add(
          new ProgramHeader(
              row.u32(0),
              row.u32(is64Bit ? 4 : 24),
              row.word(4, 8),
              row.word(8, 16),
              row.word(12, 24),
              row.word(16, 32),
              row.word(20, 40),
              row.word(28, 48)));
    }
    return headers;
  }

  long contentEnd() {
    long end = is64Bit ? 64 : 52;
    for (ProgramHeader header : programHeaders()) {
      end = Math.max(end, end(header.offset(), header.filesz()));
    }
    if (programCount() > 0) {
      end = Math.max(end, programTable() + (long) programCount() * programSize());
    }
    List<SectionHeader> sections = sectionHeaders();
    for (SectionHeader section : sections) {
      if (section.hasBytes()) {
        end = Math.max(end, end(section.offset(), section.size()));
      }
    }
    return sections.isEmpty()
        ? end
        : Math.max(end, sectionTable() + (long) sections.size() * sectionSize());
  }

  /** The section of a name; the first where there are several. */
  Optional<SectionHeader> section(String name) {
    List<SectionHeader> sections = sectionHeaders();
    int told = file.u16(is64Bit ? 62 : 50);
    long names = told == SHN_XINDEX && !sections.isEmpty() ? sections.get(0).link() : told;
    if (names == SHN_UNDEF || names >= sections.size()) {
      return Optional.empty();
    }
    SectionHeader table = sections.get((int) names);
    ByteView strings = file.slice(table.offset(), table.size()).bytes();
    return sections.stream()
        .filter(section -> strings.matches(section.name(), name + "\0"))
        .findFirst();
  }

  private List<SectionHeader> sectionHeaders() {
    long count = sectionTable() == 0 ? 0 : sectionCount();
    if (count != 0) {
      checkRowSize("section header", file.u16(is64Bit ? 58 : 46), sectionSize());
    }
    List<SectionHeader> headers = new ArrayList<>();
    for (ElfReader row : rows("section header", sectionTable(), count, sectionSize())) {
      headers.add(
          new SectionHeader(
              row.u32(0),
              row.u32(4),
              row.word(12, 16),
              row.word(16, 24),
              row.word(20, 32),
              row.u32(is64Bit ? 40 : 24)));
    }
    return headers;
  }

  /** Where a part of the file ends, once it is known to be inside. */
  private long end(long offset, long length) {
    file.slice(offset, length);
    return length == 0 ? 0 : offset + length;
  }

  private long programTable() {
    return file.word(28, 32);
  }

  private long sectionTable() {
    return file.word(32, 40);
  }

  private int sectionSize() {
    return is64Bit ? 64 : 40;
  }

  private int programSize() {
    return is64Bit ? 56 : 32;
  }

  /** The rows of the larger table, unsigned; 0 where the file is too short to tell. */
  long rowCount() {
    try {
      long programs = toldProgramCount();
      long sections = sectionTable() == 0 ? 0 : sectionCount();
      return Long.compareUnsigned(programs, sections) > 0 ? programs : sections;
    } catch (KexecException e) {
      return 0;
    }
  }

  /** Where there are 65280 or more, the first section header has the number. */
  private long sectionCount() {
    long count = file.u16(is64Bit ? 60 : 48);
    return count == 0 ? file.slice(sectionTable(), sectionSize()).word(20, 32) : count;
  }

  /** Where there are 65535 or more, the first section header has the number. */
  private long toldProgramCount() {
    long count = file.u16(is64Bit ? 56 : 44);
    return count == PN_XNUM
        ? file.slice(sectionTable(), sectionSize()).u32(is64Bit ? 44 : 28)
        : count;
  }

  private int programCount() {
    long count = toldProgramCount();
    if (count > Limit.SECTIONS.most()) {
      throw tooMany("program header", count);
    }
    if (count > 0) {
      checkRowSize("program header", file.u16(is64Bit ? 54 : 42), programSize());
    }
    return (int) count;
  }

  private List<ElfReader> rows(String what, long offset, long count, int size) {
    if (count < 0 || count > Limit.SECTIONS.most()) {
      throw tooMany(what, count);
    }
    List<ElfReader> rows = new ArrayList<>();
    if (count > 0) {
      ElfReader table = file.slice(offset, count * size);
      for (long at = 0; at < count * size; at += size) {
        rows.add(table.slice(at, size));
      }
    }
    return rows;
  }

  private static KexecException tooMany(String what, long count) {
    return Limit.SECTIONS.exceeded("the number of ELF " + what + "s", count, Limit.SECTIONS.most());
  }

  private static void checkRowSize(String what, int found, int expected) {
    if (found != expected) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("a %s of 0x%x bytes, expected 0x%x", what, found, expected),
          "the file may be damaged: compare its digest with the original's");
    }
  }
}
