package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FdtProperty;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.report.Field;
import java.util.List;
import java.util.Optional;

/**
 * Which device tree counts: that of the last addon that has one, or else the UKI's first {@code
 * .dtbauto} whose compatible begins as the machine's does, or else its {@code .dtb} ({@code
 * src/boot/stub.c, install_embedded_devicetree}, {@code src/boot/devicetree.c, devicetree_match},
 * systemd v257).
 */
final class DeviceTreeChoice {
  private static final String MACHINE = "machine";
  private static final String NONE = "none";

  private final ByteView file;
  private final ProfileSections sections;
  private final List<Addon> addons;
  private final Given given;
  private final Optional<FlattenedDeviceTree> machineTree;
  private final Limits limits;
  private final List<String> notes;

  DeviceTreeChoice(
      ByteView file,
      ProfileSections sections,
      List<Addon> addons,
      Given given,
      Optional<FlattenedDeviceTree> machineTree,
      Limits limits,
      List<String> notes) {
    this.file = file;
    this.sections = sections;
    this.addons = addons;
    this.given = given;
    this.machineTree = machineTree;
    this.limits = limits;
    this.notes = notes;
  }

  Composition.DeviceTree choose() {
    Optional<Part> choice = ofAddons().or(this::automatic).or(this::plain);
    if (given.deviceTree()) {
      String left = choice.map(part -> ": " + part.from() + " left out").orElse("");
      return new Composition.DeviceTree(
          MACHINE,
          "the machine's tree was given and goes before the UKI's" + left,
          Optional.empty());
    }
    if (choice.isEmpty()) {
      String from = hasMachineTree() ? MACHINE : NONE;
      return new Composition.DeviceTree(from, whyNone(), Optional.empty());
    }
    Part part = choice.get();
    return new Composition.DeviceTree(part.from(), part.why(), Optional.of(part.bytes()));
  }

  /** Whether there is one, or may be where none is known. */
  private boolean hasMachineTree() {
    return machineTree.isPresent()
        || !PeHeader.find(file)
            .flatMap(PeHeader::architecture)
            .equals(Optional.of(Architecture.X86_64));
  }

  private String whyNone() {
    int automatic = sections.all(UkiSection.DTBAUTO).size();
    String ofUki =
        automatic == 0
            ? "the UKI has neither .dtb nor .dtbauto"
            : "none of " + automatic + " .dtbauto is for this machine, and there is no .dtb";
    return hasMachineTree() ? ofUki : ofUki + ", and x86_64 machines have none to hand over";
  }

  /** Each addon's tree replaces the one before it. */
  private Optional<Part> ofAddons() {
    for (int i = addons.size() - 1; i >= 0; i--) {
      Addon addon = addons.get(i);
      Optional<Part> tree =
          matching(addon.sections(), addon.file(), addon.name())
              .map(row -> ofAddon(addon, UkiSection.DTBAUTO, row))
              .or(
                  () ->
                      addon
                          .section(UkiSection.DTB)
                          .map(row -> ofAddon(addon, UkiSection.DTB, row)));
      if (tree.isPresent()) {
        return tree;
      }
    }
    return Optional.empty();
  }

  private static Part ofAddon(Addon addon, UkiSection kind, Section row) {
    return new Part(
        Composer.from(kind, addon),
        "an addon's tree replaces the UKI's, the last addon's that of the others",
        Composer.bytes(row, addon));
  }

  private Optional<Part> automatic() {
    return matching(sections, file, "")
        .map(
            row -> {
              int number = indexOf(row) + 1;
              int count = sections.all(UkiSection.DTBAUTO).size();
              return new Part(
                  ".dtbauto",
                  "the first of "
                      + count
                      + " whose compatible begins with the machine's "
                      + Field.printable(compatible(machineTree.orElseThrow()).orElseThrow())
                      + (count == 1 ? "" : ", number " + number),
                  Composer.bytes(row, file, ""));
            });
  }

  private int indexOf(Section row) {
    List<Section> all = sections.all(UkiSection.DTBAUTO);
    int index = 0;
    while (all.get(index) != row) {
      index++;
    }
    return index;
  }

  private Optional<Part> plain() {
    return sections
        .one(UkiSection.DTB)
        .map(
            row ->
                new Part(
                    row.name(),
                    sections.all(UkiSection.DTBAUTO).isEmpty()
                        ? "the UKI's only tree"
                        : "no .dtbauto is for this machine",
                    Composer.bytes(row, file, "")));
  }

  private Optional<Section> matching(ProfileSections rows, ByteView bytes, String owner) {
    List<Section> candidates = rows.all(UkiSection.DTBAUTO);
    if (candidates.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> machine = machineTree.flatMap(DeviceTreeChoice::compatible);
    if (machine.isEmpty()) {
      notes.add(
          ".dtbauto ("
              + candidates.size()
              + ") is left out: the machine has no device tree with a compatible, and the choice"
              + " by .hwids needs SMBIOS, which is not modelled");
      return Optional.empty();
    }
    long budget = bytes.size();
    int damaged = 0;
    Optional<Section> found = Optional.empty();
    for (Section row : candidates) {
      ByteView blob = Composer.bytes(row, bytes, owner);
      budget -= blob.size();
      if (budget < 0) {
        throw new KexecException(
            Reason.LIMIT_EXCEEDED,
            "the sections .dtbauto take more bytes than the file has: they overlap in it",
            "make the UKI anew with ukify");
      }
      Optional<String> compatible = compatible(blob);
      damaged += compatible.isEmpty() ? 1 : 0;
      if (compatible.equals(machine)) {
        found = Optional.of(row);
        break;
      }
    }
    if (damaged > 0) {
      notes.add(damaged + " of the sections .dtbauto hold no device tree with a compatible");
    }
    return found;
  }

  /** The first string of a tree's compatible: later ones may name no more than the SoC. */
  private static Optional<String> compatible(FlattenedDeviceTree tree) {
    return tree.root().property("compatible").map(FdtProperty::string);
  }

  /** Empty for a damaged tree also: the stub passes over it. */
  private Optional<String> compatible(ByteView blob) {
    try {
      return compatible(FlattenedDeviceTree.parse(blob, limits));
    } catch (KexecException e) {
      return Optional.empty();
    }
  }
}
