package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether an image starts where firmware lets no memory be both written and executed (edk2 {@code
 * ProtectUefiImage} with {@code PcdDxeNxMemoryProtectionPolicy}; shim with its NX policy).
 */
public final class WriteXorExecute {
  private WriteXorExecute() {}

  /** Why it does not start there; empty if it does. */
  public static List<Finding> objections(PeHeader header) {
    List<Finding> objections = new ArrayList<>();
    if (!header.nxCompat()) {
      objections.add(
          new Finding(
              Flaw.NX_COMPAT_MISSING,
              String.format(
                  "NX_COMPAT (0x100) is not set in DllCharacteristics 0x%x",
                  header.dllCharacteristics()),
              "take a newer kernel; set the flag only where the code keeps to it"));
    }
    if (header.sectionAlignment() < SectionProtections.EFI_PAGE) {
      objections.add(
          new Finding(
              Flaw.SECTIONS_SHARE_PAGES,
              String.format(
                  "SectionAlignment is 0x%x: code and data may share a page of 0x1000 bytes",
                  header.sectionAlignment()),
              "link it with a SectionAlignment of 0x1000 at least"));
    }
    List<PeHeader.Section> both = writableAndExecutable(header);
    if (!both.isEmpty()) {
      objections.add(writableAndExecutable(both));
    }
    entryNotCode(header).ifPresent(objections::add);
    return objections;
  }

  static List<PeHeader.Section> writableAndExecutable(PeHeader header) {
    return header.sections().stream()
        .filter(section -> section.is(PeHeader.Section.WRITE | PeHeader.Section.EXECUTE))
        .toList();
  }

  /** One finding for all of them, however many there are. */
  static Finding writableAndExecutable(List<PeHeader.Section> sections) {
    PeHeader.Section first = sections.get(0);
    String others = sections.size() == 1 ? "" : " and " + (sections.size() - 1) + " more";
    return new Finding(
        Flaw.WRITABLE_AND_EXECUTABLE,
        String.format(
            "section %s at 0x%x%s may be written and executed: it will not start where firmware"
                + " enforces W^X",
            Field.printable(first.name()), first.virtualAddress(), others),
        "keep code and data in sections of their own");
  }

  /** The entry point is in no section that may be executed and not written. */
  static Optional<Finding> entryNotCode(PeHeader header) {
    long entry = header.addressOfEntryPoint();
    boolean code =
        header.sections().stream()
            .filter(SectionProtections::isCode)
            .anyMatch(section -> section.virtualAddress() <= entry && entry < section.memoryEnd());
    return code
        ? Optional.empty()
        : Optional.of(
            new Finding(
                Flaw.ENTRY_NOT_CODE,
                String.format(
                    "the entry point 0x%x is in no section that may be executed and not written",
                    entry),
                "point it into the code"));
  }
}
