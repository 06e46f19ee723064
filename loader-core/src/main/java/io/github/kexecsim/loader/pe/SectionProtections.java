package io.github.kexecsim.loader.pe;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What edk2 protects of a loaded image ({@code MdeModulePkg/Core/Dxe/Misc/MemoryProtection.c,
 * ProtectUefiImage}): sections that may be executed and not written become code, everything else
 * data; nothing where the image does not allow it.
 */
final class SectionProtections {
  /** {@code EFI_PAGE_SIZE}, whatever the kernel's page size. */
  static final int EFI_PAGE = 0x1000;

  private SectionProtections() {}

  /** One for each section. */
  static List<Protection> of(PeHeader header) {
    boolean applies = apply(header);
    List<Protection> protections = new ArrayList<>();
    for (PeHeader.Section section : header.sections()) {
      protections.add(applies ? isCode(section) ? Protection.RX : Protection.RW : Protection.RWX);
    }
    return protections;
  }

  /** The headers', and that of what no section covers. */
  static Protection ofHeaders(PeHeader header) {
    return apply(header) ? Protection.RW : Protection.RWX;
  }

  static boolean isCode(PeHeader.Section section) {
    return section.is(PeHeader.Section.EXECUTE) && !section.is(PeHeader.Section.WRITE);
  }

  /** Whether the image can be protected: whole pages, and code that is apart and inside it. */
  private static boolean apply(PeHeader header) {
    if (header.sectionAlignment() < EFI_PAGE) {
      return false;
    }
    List<PeHeader.Section> code =
        header.sections().stream()
            .filter(SectionProtections::isCode)
            .sorted(Comparator.comparingLong(PeHeader.Section::virtualAddress))
            .toList();
    long end = 0;
    for (PeHeader.Section section : code) {
      if (section.virtualAddress() < end) {
        return false;
      }
      long alignment = header.sectionAlignment();
      long pages = (section.rawSize() + alignment - 1) / alignment;
      end = section.virtualAddress() + pages * alignment;
    }
    return !code.isEmpty() && end <= header.sizeOfImage();
  }
}
