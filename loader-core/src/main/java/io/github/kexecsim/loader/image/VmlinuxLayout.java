package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.Alignment;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The segments of an x86_64 {@code vmlinux} as the decompressor places them: by their physical
 * addresses, from the lowest on ({@code arch/x86/boot/compressed/misc.c, parse_elf}, v6.1).
 *
 * @param file the ELF file
 * @param segments PT_LOAD alone, in the file's order; at least one
 * @param memorySize what they take in memory, BSS included, in whole pages
 * @param codeSize where the code ends that runs before the kernel has page tables of its own, from
 *     the start: {@code _einittext}, or the last executable segment where no section tells
 * @param entry where it is entered, from the start
 * @param fileEnd where the ELF file ends; what stands behind is no part of it
 */
record VmlinuxLayout(
    ByteView file,
    List<Segment> segments,
    long memorySize,
    long codeSize,
    long entry,
    long fileEnd) {
  static final int PAGE = 4096;

  /** More than any address of the window that kernels are mapped in. */
  private static final long MAX_MEMORY = 1L << 30;

  private static final int MAX_SEGMENTS = 64;

  /**
   * A segment.
   *
   * @param header where its bytes stand in the file
   * @param start from the kernel's start in memory
   */
  record Segment(ProgramHeader header, long start) {
    /** The end of its bytes of the file. */
    long fileEnd() {
      return start + header.filesz();
    }

    /** The end of its memory: what is beyond the file's bytes is zero. */
    long end() {
      return start + header.memsz();
    }
  }

  VmlinuxLayout {
    segments = List.copyOf(segments);
  }

  /**
   * Reads the headers.
   *
   * @param elf the header of a 64-bit little-endian file, whose e_entry is a physical address
   * @param file the whole file
   * @throws KexecException {@link Reason#TRUNCATED}, {@link Reason#BAD_HEADER}, {@link
   *     Reason#LIMIT_EXCEEDED} or {@link Reason#UNSUPPORTED_IMAGE}
   */
  static VmlinuxLayout of(ElfImage elf, ByteView file) {
    List<Segment> segments = segments(elf, file);
    long memory = segments.stream().mapToLong(Segment::end).max().orElse(0);
    if (segments.stream().noneMatch(segment -> segment.start() == 0)) {
      throw new KexecException(
          Reason.UNSUPPORTED_IMAGE,
          String.format(
              "no PT_LOAD segment at 0x%x, where x86_64 kernels are linked",
              X86Image.LOAD_PHYSICAL_ADDR),
          "kernels with another CONFIG_PHYSICAL_START are not modelled");
    }
    long entry = elf.entry() - X86Image.LOAD_PHYSICAL_ADDR;
    if (code(segments).noneMatch(s -> s.start() <= entry && entry < s.fileEnd())) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("e_entry 0x%x is in no executable PT_LOAD segment", elf.entry()));
    }
    long memorySize = Alignment.up(memory, PAGE);
    ElfTables tables = elf.tables(file);
    long codeSize =
        tables
            .section(".init.text")
            .map(section -> section.addr() + section.size() - X86Image.LINK_ADDRESS)
            .filter(end -> end > entry && end <= memorySize)
            .orElseGet(() -> code(segments).mapToLong(Segment::fileEnd).max().orElseThrow());
    return new VmlinuxLayout(file, segments, memorySize, codeSize, entry, tables.contentEnd());
  }

  private static Stream<Segment> code(List<Segment> segments) {
    return segments.stream().filter(segment -> segment.header().isExecutable());
  }

  private static List<Segment> segments(ElfImage elf, ByteView file) {
    List<Segment> segments =
        elf.programHeaders(file).stream()
            .filter(header -> header.isLoad() && header.memsz() != 0)
            .limit(MAX_SEGMENTS + 1L)
            .map(header -> segment(file, header))
            .toList();
    if (segments.size() > MAX_SEGMENTS) {
      throw new KexecException(
          Reason.BAD_HEADER,
          "more than " + MAX_SEGMENTS + " PT_LOAD segments: a kernel has four or five");
    }
    return segments;
  }

  private static Segment segment(ByteView file, ProgramHeader header) {
    long start = header.paddr() - X86Image.LOAD_PHYSICAL_ADDR;
    long filesz = header.filesz();
    long memsz = header.memsz();
    boolean fits = memsz >= 0 && memsz <= MAX_MEMORY && start >= 0 && start <= MAX_MEMORY - memsz;
    if (!fits || filesz < 0 || filesz > memsz) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "PT_LOAD of 0x%x bytes, 0x%x in the file, at physical address 0x%x: expected to lie"
                  + " within 1 GiB from 0x%x",
              memsz, filesz, header.paddr(), X86Image.LOAD_PHYSICAL_ADDR));
    }
    file.slice(header.offset(), filesz);
    return new Segment(header, start);
  }

  /** The kernel as it lies in memory: what no segment fills is zero. */
  byte[] bytes() {
    byte[] memory = new byte[(int) memorySize];
    for (Segment segment : segments) {
      ProgramHeader header = segment.header();
      file.copyTo(header.offset(), memory, (int) segment.start(), (int) header.filesz());
    }
    return memory;
  }

  /** The first place between two segments with so much room, among the code. */
  Optional<Integer> gap(int size, int align) {
    return segments.stream()
        .map(segment -> Alignment.up(segment.end(), align))
        .filter(start -> start + size <= codeSize)
        .filter(
            start ->
                segments.stream()
                    .allMatch(other -> other.end() <= start || other.start() >= start + size))
        .min(Long::compare)
        .map(Math::toIntExact);
  }
}
