package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The segments of an x86_64 {@code vmlinux} as the decompressor places them: by their physical
 * addresses, from the lowest on ({@code arch/x86/boot/compressed/misc.c, parse_elf}, v6.1).
 *
 * @param elf the file
 * @param segments PT_LOAD alone, in the file's order; at least one
 * @param memorySize what they take in memory, BSS included, in whole pages
 * @param codeSize where the code ends that runs before the kernel has page tables of its own, from
 *     the start: {@code _einittext}, or the last executable segment where no section tells
 * @param entry where it is entered, from the start
 * @param fileEnd where the ELF file ends; what stands behind is no part of it
 */
record VmlinuxLayout(
    ByteView elf,
    List<Segment> segments,
    long memorySize,
    long codeSize,
    long entry,
    long fileEnd) {
  static final int PAGE = 4096;
  private static final int PT_LOAD = 1;
  private static final int PF_X = 1;
  private static final int SHT_NOBITS = 8;
  private static final int PROGRAM_HEADER = 56;
  private static final int SECTION_HEADER = 64;

  /** More than any address of the window that kernels are mapped in. */
  private static final long MAX_MEMORY = 1L << 30;

  private static final int MAX_SEGMENTS = 64;

  /**
   * A segment.
   *
   * @param start from the kernel's start in memory
   * @param offset in the file
   * @param filesz bytes in the file
   * @param memsz bytes in memory; those beyond filesz are zero
   */
  record Segment(long start, long offset, long filesz, long memsz, boolean executable) {
    long end() {
      return start + memsz;
    }
  }

  VmlinuxLayout {
    segments = List.copyOf(segments);
  }

  /**
   * Reads the headers.
   *
   * @param entryAddress e_entry, a physical address
   * @throws KexecException {@link Reason#TRUNCATED}, {@link Reason#BAD_HEADER} or {@link
   *     Reason#UNSUPPORTED_IMAGE}
   */
  static VmlinuxLayout of(ByteView elf, long entryAddress) {
    List<Segment> segments = segments(elf);
    long memory = segments.stream().mapToLong(Segment::end).max().orElse(0);
    if (segments.stream().noneMatch(segment -> segment.start() == 0)) {
      throw new KexecException(
          Reason.UNSUPPORTED_IMAGE,
          String.format(
              "no PT_LOAD segment at 0x%x, where x86_64 kernels are linked",
              X86Image.LOAD_PHYSICAL_ADDR),
          "kernels with another CONFIG_PHYSICAL_START are not modelled");
    }
    long entry = entryAddress - X86Image.LOAD_PHYSICAL_ADDR;
    if (segments.stream()
        .noneMatch(s -> s.executable() && s.start() <= entry && entry < s.start() + s.filesz())) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("e_entry 0x%x is in no executable PT_LOAD segment", entryAddress));
    }
    long memorySize = (memory + PAGE - 1) / PAGE * PAGE;
    Sections sections = Sections.of(elf);
    long codeSize =
        sections
            .initTextEnd()
            .filter(end -> end > entry && end <= memorySize)
            .orElseGet(() -> codeSize(segments));
    long fileEnd =
        segments.stream()
            .mapToLong(segment -> segment.offset() + segment.filesz())
            .reduce(sections.fileEnd(), Math::max);
    return new VmlinuxLayout(
        elf, segments, memorySize, codeSize, entry, Math.max(fileEnd, headersEnd(elf)));
  }

  private static long codeSize(List<Segment> segments) {
    return segments.stream()
        .filter(Segment::executable)
        .mapToLong(segment -> segment.start() + segment.filesz())
        .max()
        .orElseThrow();
  }

  private static long headersEnd(ByteView elf) {
    return elf.u64le(32) + (long) elf.u16le(56) * PROGRAM_HEADER;
  }

  private static List<Segment> segments(ByteView elf) {
    ByteView table = table(elf, elf.u64le(32), elf.u16le(54), PROGRAM_HEADER, elf.u16le(56));
    List<Segment> segments = new ArrayList<>();
    for (int row = 0; row < table.size(); row += PROGRAM_HEADER) {
      if (table.u32le(row) == PT_LOAD && table.u64le(row + 40) != 0) {
        segments.add(segment(elf, table.slice(row, PROGRAM_HEADER)));
      }
      if (segments.size() > MAX_SEGMENTS) {
        throw new KexecException(
            Reason.BAD_HEADER,
            "more than " + MAX_SEGMENTS + " PT_LOAD segments: a kernel has four or five");
      }
    }
    return segments;
  }

  private static Segment segment(ByteView elf, ByteView header) {
    long start = header.u64le(24) - X86Image.LOAD_PHYSICAL_ADDR;
    long offset = header.u64le(8);
    long filesz = header.u64le(32);
    long memsz = header.u64le(40);
    boolean fits = memsz >= 0 && memsz <= MAX_MEMORY && start >= 0 && start <= MAX_MEMORY - memsz;
    if (!fits || filesz < 0 || filesz > memsz) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "PT_LOAD of 0x%x bytes, 0x%x in the file, at physical address 0x%x: expected to lie"
                  + " within 1 GiB from 0x%x",
              memsz, filesz, header.u64le(24), X86Image.LOAD_PHYSICAL_ADDR));
    }
    elf.slice(offset, filesz);
    return new Segment(start, offset, filesz, memsz, (header.u32le(4) & PF_X) != 0);
  }

  private static ByteView table(ByteView elf, long offset, int entrySize, int expected, int count) {
    if (count == 0) {
      return elf.slice(0, 0);
    }
    if (entrySize != expected) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("ELF table entries of 0x%x bytes, expected 0x%x", entrySize, expected));
    }
    return elf.slice(offset, (long) expected * count);
  }

  /** The kernel as it lies in memory: what no segment fills is zero. */
  byte[] bytes() {
    byte[] memory = new byte[(int) memorySize];
    for (Segment segment : segments) {
      elf.copyTo(segment.offset(), memory, (int) segment.start(), (int) segment.filesz());
    }
    return memory;
  }

  /** The first place between two segments with so much room, among the code. */
  Optional<Integer> gap(int size, int align) {
    return segments.stream()
        .map(segment -> (segment.end() + align - 1) / align * align)
        .filter(start -> start + size <= codeSize)
        .filter(
            start ->
                segments.stream()
                    .allMatch(other -> other.end() <= start || other.start() >= start + size))
        .min(Long::compare)
        .map(Math::toIntExact);
  }

  /**
   * What the section headers tell.
   *
   * @param fileEnd where their table and the last section's bytes end; 0 without sections
   * @param initTextEnd where {@code .init.text} ends, from the kernel's start
   */
  private record Sections(long fileEnd, Optional<Long> initTextEnd) {
    static Sections of(ByteView elf) {
      int count = elf.u16le(60);
      ByteView table = table(elf, elf.u64le(40), elf.u16le(58), SECTION_HEADER, count);
      if (count == 0) {
        return new Sections(0, Optional.empty());
      }
      int names = elf.u16le(62);
      ByteView strings = names < count ? content(elf, table, names) : elf.slice(0, 0);
      long end = elf.u64le(40) + table.size();
      Optional<Long> initTextEnd = Optional.empty();
      for (int i = 0; i < count; i++) {
        end = Math.max(end, end(elf, table, i));
        if (strings.matches(table.u32le(i * SECTION_HEADER), ".init.text\0")) {
          long address = table.u64le(i * SECTION_HEADER + 16);
          long size = table.u64le(i * SECTION_HEADER + 32);
          initTextEnd =
              Optional.of(address + size - 0xffff_ffff_8000_0000L - X86Image.LOAD_PHYSICAL_ADDR);
        }
      }
      return new Sections(end, initTextEnd);
    }

    private static ByteView content(ByteView elf, ByteView table, int index) {
      int row = index * SECTION_HEADER;
      return elf.slice(table.u64le(row + 24), table.u64le(row + 32));
    }

    private static long end(ByteView elf, ByteView table, int index) {
      int row = index * SECTION_HEADER;
      boolean hasBytes = index != 0 && table.u32le(row + 4) != SHT_NOBITS;
      ByteView content = hasBytes ? content(elf, table, index) : elf.slice(0, 0);
      return hasBytes ? table.u64le(row + 24) + content.size() : 0;
    }
  }
}
