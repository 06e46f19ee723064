package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.List;
import java.util.Optional;

/**
 * Where firmware puts an image (edk2 MdeModulePkg {@code CoreLoadPeImage}, {@code
 * CoreAllocatePages}): at its image base, where that is 1 MiB or more and free, or else in the
 * highest free pages; with room to align it when sections are aligned to more than a page.
 */
public final class FirmwareMemory {
  private static final long PAGE = SectionProtections.EFI_PAGE;
  private static final long LOWEST_IMAGE_BASE = 1 << 20;

  private final List<PhysRange> conventional;

  /**
   * Memory of which these ranges are free, in any order.
   *
   * @param free as EfiConventionalMemory; page 0 is never handed out
   */
  public FirmwareMemory(List<PhysRange> free) {
    PhysRangeSet pages =
        PhysRangeSet.of(free.stream().map(range -> range.wholePages(PAGE)).toList())
            .subtract(PhysRangeSet.of(new PhysRange(0, PAGE)));
    this.conventional = pages.ranges();
  }

  /**
   * The address for an image, a multiple of its section alignment.
   *
   * @param header with a section alignment that is a power of two
   * @throws KexecException {@link Reason#NO_ROOM}, also for an image that cannot be relocated and
   *     whose base is taken
   */
  public long baseFor(PeHeader header) {
    long alignment = Math.max(header.sectionAlignment(), PAGE);
    long size = Alignment.up(header.sizeOfImage() + (alignment > PAGE ? alignment : 0), PAGE);
    return atImageBase(header, size)
        .or(() -> header.relocationsStripped() ? Optional.empty() : highest(size))
        .map(pages -> Alignment.up(pages.start(), alignment))
        .orElseThrow(() -> noRoom(header, size));
  }

  private Optional<PhysRange> atImageBase(PeHeader header, long size) {
    long base = header.imageBase();
    boolean tried =
        header.relocationsStripped() || Long.compareUnsigned(base, LOWEST_IMAGE_BASE) >= 0;
    if (!tried || base % PAGE != 0 || base < 0 || base > PhysRange.LIMIT - size) {
      return Optional.empty();
    }
    PhysRange wanted = PhysRange.ofSize(base, size);
    return conventional.stream().anyMatch(range -> range.contains(wanted))
        ? Optional.of(wanted)
        : Optional.empty();
  }

  private Optional<PhysRange> highest(long size) {
    for (int i = conventional.size() - 1; i >= 0; i--) {
      PhysRange range = conventional.get(i);
      if (range.size() >= size) {
        return Optional.of(new PhysRange(range.end() - size, range.end()));
      }
    }
    return Optional.empty();
  }

  private static KexecException noRoom(PeHeader header, long size) {
    return header.relocationsStripped()
        ? new KexecException(
            Reason.NO_ROOM,
            String.format(
                "the image's relocations are stripped, and the 0x%x bytes at its image base 0x%x are"
                    + " not free",
                size, header.imageBase()),
            "link it so that it can be relocated")
        : new KexecException(
            Reason.NO_ROOM,
            String.format("no 0x%x free bytes are in one piece", size),
            "the machine has too little memory for this image");
  }

  /** What is free, ascending, in whole pages. */
  public List<PhysRange> free() {
    return conventional;
  }

  /** The pages that a range of bytes from a page's start takes. */
  public static PhysRange pages(PhysRange range) {
    return new PhysRange(Alignment.down(range.start(), PAGE), Alignment.up(range.end(), PAGE));
  }
}
