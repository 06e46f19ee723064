package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.FindingList;
import io.github.kexecsim.loader.report.Flaw;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is wrong or odd about a UKI's sections, whatever its kernel is. What is wrong about any PE
 * file's sections is not told here.
 */
public final class UkiFindings {
  private final ByteView file;
  private final FindingList findings = new FindingList("the UKI's sections");
  private final Map<UkiSection, Integer> seen = new EnumMap<>(UkiSection.class);

  /** How many bytes may be looked at: sections of sound files do not share theirs. */
  private long budget;

  private int profile = -1;

  private UkiFindings(ByteView file) {
    this.file = file;
    this.budget = file.size();
  }

  /**
   * Looks at every section, in the order of the table: at most 21 findings.
   *
   * @param table the section table
   * @param chosen the sections of the profile that is started
   * @param file the UKI
   */
  public static List<Finding> of(List<Section> table, ProfileSections chosen, ByteView file) {
    UkiFindings reader = new UkiFindings(file);
    table.forEach(reader::look);
    reader.lookForMissing(chosen);
    return reader.findings.asList();
  }

  private void look(Section row) {
    Optional<UkiSection> known = UkiSection.byName(row.name());
    if (known.isEmpty()) {
      return;
    }
    UkiSection kind = known.get();
    if (kind == UkiSection.PROFILE) {
      profile++;
      seen.clear();
    }
    lookForRepetition(kind);
    lookAtSize(row);
    if (kind.isText()) {
      lookForNul(row);
    }
    if (kind.isDeviceTree()) {
      lookAtDeviceTree(row);
    }
  }

  private void lookForRepetition(UkiSection kind) {
    if (seen.merge(kind, 1, Integer::sum) == 2 && !kind.mayRepeat()) {
      add(
          Flaw.REPEATED_SECTION,
          "leave one of them, or begin a profile with a section .profile between them",
          "several sections %s%s: systemd-stub takes the first",
          kind.label(),
          where());
    }
  }

  private void lookAtSize(Section row) {
    if (row.virtualSize() == 0) {
      add(
          Flaw.EMPTY_SECTION,
          "leave it out, or give it its VirtualSize",
          "section %s%s has no bytes in memory: it counts as absent%s",
          row.name(),
          where(),
          profile < 0 ? "" : ", and the base's does not count either");
    } else if (row.virtualSize() > row.rawSize()) {
      add(
          Flaw.VIRTUAL_SIZE_BEYOND_DATA,
          String.format(
              "set VirtualSize to the length of the data, 0x%x at most (ukify does so but for 257 to"
                  + " 257.2)",
              row.rawSize()),
          "VirtualSize of section %s%s is 0x%x, but its data has 0x%x bytes: the rest is zeros,"
              + " which a stub measures and hands on",
          row.name(),
          where(),
          row.virtualSize(),
          row.rawSize());
    }
  }

  private void lookForNul(Section row) {
    Optional<ByteView> bytes = affordable(row);
    if (bytes.isEmpty()) {
      return;
    }
    ByteView text = bytes.get();
    for (int i = 0; i < text.size(); i++) {
      if (text.u8(i) == 0) {
        add(
            Flaw.NUL_IN_TEXT,
            String.format("set its VirtualSize to 0x%x, or take the NULs out", i),
            "section %s%s has a NUL after 0x%x of 0x%x bytes, where its text ends for a stub",
            row.name(),
            where(),
            i,
            text.size());
        return;
      }
    }
  }

  /** On x86 too, where a stub installs it, and no kernel asks for it. */
  private void lookAtDeviceTree(Section row) {
    if (row.virtualSize() == 0) {
      return;
    }
    try {
      affordable(row).ifPresent(blob -> FlattenedDeviceTree.parse(blob, Limits.DEFAULT));
    } catch (KexecException e) {
      add(
          Flaw.BAD_DEVICE_TREE,
          "put a device tree there as dtc writes it, or leave the section out",
          "section %s%s has no device tree that can be read: %s",
          row.name(),
          where(),
          e.getMessage());
    }
  }

  /** A section's bytes, counted; empty where they leave the file, or are more than are left. */
  private Optional<ByteView> affordable(Section row) {
    Optional<ByteView> bytes =
        SectionText.bytes(row, file).filter(inside -> inside.size() <= budget);
    bytes.ifPresent(inside -> budget -= inside.size());
    return bytes;
  }

  private String where() {
    return profile < 0 ? "" : " of profile @" + profile;
  }

  private void lookForMissing(ProfileSections chosen) {
    String whose = chosen.number().isPresent() ? " of profile " + chosen.label() : "";
    if (chosen.named(UkiSection.LINUX.label()).isEmpty()) {
      add(
          Flaw.NO_KERNEL_SECTION,
          "put .linux before the first .profile, which all profiles share",
          "there is no section .linux%s",
          whose);
    } else if (chosen.one(UkiSection.LINUX).isEmpty()) {
      add(
          Flaw.NO_KERNEL_SECTION,
          "put the kernel into it, or set its VirtualSize where that is 0 though it is there",
          "section .linux%s is empty",
          whose);
    }
    if (chosen.one(UkiSection.OSREL).isEmpty()) {
      add(
          Flaw.NO_OS_RELEASE,
          "add the system's /etc/os-release as .osrel",
          "there is no section .osrel: boot menus, as that of systemd-boot, do not show the UKI");
    }
  }

  private void add(Flaw flaw, String remedy, String format, Object... values) {
    findings.add(flaw, () -> new Finding(flaw, String.format(format, values), remedy));
  }
}
