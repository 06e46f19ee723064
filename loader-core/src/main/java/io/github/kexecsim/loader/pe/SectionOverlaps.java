package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.FindingList;
import io.github.kexecsim.loader.report.Flaw;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * Sections that are in each other's way, found in one pass over the sorted table: of each section
 * that begins before another one's end, the one that reaches furthest is named.
 */
final class SectionOverlaps {
  private static final long ADDRESS_SPACE = 1L << 32;

  private SectionOverlaps() {}

  /** Adds what overlaps in memory, with an address where it would not. */
  static void inMemory(PeHeader header, FindingList found) {
    long[] free = {
      Alignment.upToMultiple(
          header.sections().stream()
              .mapToLong(PeHeader.Section::memoryEnd)
              .reduce(header.sizeOfHeaders(), Math::max),
          header.sectionAlignment())
    };
    find(
        header.sections(),
        PeHeader.Section::virtualAddress,
        PeHeader.Section::memorySize,
        (before, section) -> {
          long apart = free[0];
          free[0] =
              Alignment.upToMultiple(free[0] + section.memorySize(), header.sectionAlignment());
          found.add(
              Flaw.SECTIONS_OVERLAP,
              () ->
                  new Finding(
                      Flaw.SECTIONS_OVERLAP,
                      String.format(
                          "%s at 0x%x-0x%x in memory overlaps %s at 0x%x-0x%x",
                          PeFindings.nameOf(section),
                          section.virtualAddress(),
                          section.memoryEnd() - 1,
                          PeFindings.nameOf(before),
                          before.virtualAddress(),
                          before.memoryEnd() - 1),
                      remedy(section, apart)));
        });
  }

  private static String remedy(PeHeader.Section section, long free) {
    return free > ADDRESS_SPACE - section.memorySize()
        ? "make room: behind all sections there is none left"
        : String.format(
            "give %s the address 0x%x, behind all others", PeFindings.nameOf(section), free);
  }

  /** Adds what has bytes of the file in common. */
  static void inFile(PeHeader header, FindingList found) {
    find(
        header.sections(),
        PeHeader.Section::rawOffset,
        PeHeader.Section::rawSize,
        (before, section) ->
            found.add(
                Flaw.SECTIONS_SHARE_BYTES,
                () ->
                    new Finding(
                        Flaw.SECTIONS_SHARE_BYTES,
                        String.format(
                            "%s at 0x%x-0x%x in the file overlaps %s at 0x%x-0x%x",
                            PeFindings.nameOf(section),
                            section.rawOffset(),
                            section.rawOffset() + section.rawSize() - 1,
                            PeFindings.nameOf(before),
                            before.rawOffset(),
                            before.rawOffset() + before.rawSize() - 1),
                        "no signature covers such a file as it should: write it anew")));
  }

  private interface Overlap {
    void of(PeHeader.Section before, PeHeader.Section section);
  }

  private static void find(
      List<PeHeader.Section> sections,
      ToLongFunction<PeHeader.Section> start,
      ToLongFunction<PeHeader.Section> size,
      Overlap overlap) {
    Predicate<PeHeader.Section> isThere = section -> size.applyAsLong(section) != 0;
    List<PeHeader.Section> ascending =
        sections.stream().filter(isThere).sorted(Comparator.comparingLong(start)).toList();
    PeHeader.Section furthest = null;
    long end = 0;
    for (PeHeader.Section section : ascending) {
      long sectionEnd = start.applyAsLong(section) + size.applyAsLong(section);
      if (furthest != null && start.applyAsLong(section) < end) {
        overlap.of(furthest, section);
      }
      if (sectionEnd > end) {
        furthest = section;
        end = sectionEnd;
      }
    }
  }
}
