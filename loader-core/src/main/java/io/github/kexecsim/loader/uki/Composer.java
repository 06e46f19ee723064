package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.report.Field;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Puts a {@link Composition} together. */
final class Composer {
  /** More than any architecture's kernel takes. */
  private static final int MAX_COMMAND_LINE = 1 << 20;

  private final ByteView file;
  private final ProfileSections sections;
  private final Given given;
  private final Optional<FlattenedDeviceTree> machineTree;
  private final Limits limits;
  private final List<String> notes = new ArrayList<>();
  private final List<Addon> addons;

  Composer(
      ByteView file,
      ProfileSections sections,
      List<Addon> addons,
      Given given,
      Optional<FlattenedDeviceTree> machineTree,
      Limits limits) {
    this.file = file;
    this.sections = sections;
    this.given = given;
    this.machineTree = machineTree;
    this.limits = limits;
    this.addons =
        addons.stream().sorted(Comparator.comparing(Addon::name)).filter(this::fits).toList();
  }

  Composition compose() {
    Part kernel = kernel();
    List<Part> initrds = initrds();
    Composition.CommandLine commandLine = commandLine();
    Composition.DeviceTree tree =
        new DeviceTreeChoice(file, sections, addons, given, machineTree, limits, notes).choose();
    int firmware = sections.all(UkiSection.EFIFW).size();
    if (firmware > 0) {
      notes.add(".efifw (" + firmware + ") is left out: .hwids chooses by SMBIOS, not modelled");
    }
    return new Composition(
        sections.number(),
        shown(UkiSection.PROFILE).flatMap(text -> SectionText.value(text, "ID")),
        shown(UkiSection.OSREL)
            .flatMap(
                text ->
                    SectionText.value(text, "PRETTY_NAME")
                        .or(() -> SectionText.value(text, "NAME"))),
        shown(UkiSection.UNAME),
        kernel,
        initrds,
        commandLine,
        tree,
        notes);
  }

  private Optional<String> shown(UkiSection wanted) {
    return sections
        .one(wanted)
        .flatMap(row -> SectionText.head(row, file, Profiles.SHOWN_TEXT))
        .map(String::strip);
  }

  /** An addon for another machine, or one that names another kernel's release, is ignored. */
  private boolean fits(Addon addon) {
    int machine = PeHeader.find(file).map(PeHeader::machine).orElse(addon.pe().machine());
    if (addon.pe().machine() != machine) {
      notes.add(
          "addon "
              + printable(addon.name())
              + " is left out: it is for "
              + PeMachine.describe(addon.pe().machine())
              + ", the UKI for "
              + PeMachine.describe(machine));
      return false;
    }
    Optional<ByteView> wanted = addon.section(UkiSection.UNAME).map(row -> bytes(row, addon));
    Optional<ByteView> here = sections.one(UkiSection.UNAME).map(row -> bytes(row, file, ""));
    if (wanted.isEmpty() || here.isEmpty() || sameStart(here.get(), wanted.get())) {
      return true;
    }
    notes.add(
        "addon "
            + printable(addon.name())
            + " is left out: its .uname "
            + printable(SectionText.of(wanted.get()))
            + " is not the UKI's "
            + printable(SectionText.of(here.get())));
    return false;
  }

  /** The stub compares as many characters as the addon has, or up to a NUL in both. */
  private static boolean sameStart(ByteView here, ByteView wanted) {
    for (int i = 0; i < wanted.size(); i++) {
      int c = i < here.size() ? here.u8(i) : 0;
      if (c != wanted.u8(i)) {
        return false;
      }
      if (c == 0) {
        return true;
      }
    }
    return true;
  }

  private Part kernel() {
    Section linux = sections.one(UkiSection.LINUX).orElseThrow(sections::noKernel);
    return part(linux, "the UKI's kernel");
  }

  private List<Part> initrds() {
    List<Part> initrds = new ArrayList<>();
    for (int i = addons.size() - 1; i >= 0; i--) {
      add(
          initrds,
          addons.get(i),
          UkiSection.UCODE,
          "microcode of addons goes first, the last addon's before the others': the kernel takes"
              + " the first that fits");
    }
    if (given.initrd().isPresent()) {
      initrds.add(
          new Part(
              Part.GIVEN,
              "what is given goes before the UKI's own"
                  + replaced(UkiSection.UCODE, UkiSection.INITRD),
              given.initrd().get()));
    } else {
      sections
          .one(UkiSection.UCODE)
          .ifPresent(row -> initrds.add(part(row, "microcode goes before any other initrd")));
      sections.one(UkiSection.INITRD).ifPresent(row -> initrds.add(part(row, "the UKI's initrd")));
    }
    for (Addon addon : addons) {
      add(
          initrds,
          addon,
          UkiSection.INITRD,
          "initrds of addons go last, so that their files replace those of the same name");
    }
    initrds.removeIf(part -> part.bytes().size() == 0);
    return initrds;
  }

  private void add(List<Part> initrds, Addon addon, UkiSection wanted, String why) {
    addon
        .section(wanted)
        .ifPresent(row -> initrds.add(new Part(from(wanted, addon), why, bytes(row, addon))));
  }

  /** What the UKI has that something given takes the place of. */
  private String replaced(UkiSection... kinds) {
    List<String> names = new ArrayList<>();
    for (UkiSection kind : kinds) {
      sections.one(kind).ifPresent(row -> names.add(kind.label()));
    }
    return names.isEmpty() ? "" : ": " + String.join(" and ", names) + " left out";
  }

  private Composition.CommandLine commandLine() {
    List<String> texts = new ArrayList<>();
    List<String> from = new ArrayList<>();
    StringBuilder why = new StringBuilder();
    Optional<Section> own = sections.one(UkiSection.CMDLINE);
    if (given.commandLine().isPresent()) {
      texts.add(given.commandLine().get());
      from.add(Part.GIVEN);
      why.append("what is given goes before the UKI's own").append(replaced(UkiSection.CMDLINE));
    } else if (own.isPresent()) {
      Part part = part(own.get(), "the UKI's, as none is given");
      texts.add(SectionText.commandLine(text(part.bytes(), "")));
      from.add(part.from());
      why.append(part.why());
    } else {
      why.append("the UKI has no .cmdline, and none is given");
    }
    for (Addon addon : addons) {
      Optional<Section> row = addon.section(UkiSection.CMDLINE);
      if (row.isPresent()) {
        texts.add(SectionText.commandLine(text(bytes(row.get(), addon), addon.name())));
        from.add(from(UkiSection.CMDLINE, addon));
      }
    }
    if (addons.stream().anyMatch(addon -> addon.section(UkiSection.CMDLINE).isPresent())) {
      why.append("; addons' are appended, in the order of their names");
    }
    texts.removeIf(String::isEmpty);
    return new Composition.CommandLine(
        String.join(" ", texts),
        from.isEmpty() ? "none" : String.join(" + ", from),
        why.toString());
  }

  static String text(ByteView bytes, String owner) {
    if (bytes.size() > MAX_COMMAND_LINE) {
      throw new KexecException(
          Reason.LIMIT_EXCEEDED,
          String.format(
              "%s.cmdline has 0x%x bytes, expected 0x%x at most",
              owner.isEmpty() ? "" : printable(owner) + ": ", bytes.size(), MAX_COMMAND_LINE),
          "no kernel takes so long a command line");
    }
    return SectionText.of(bytes);
  }

  private Part part(Section row, String why) {
    String origin = sections.origin(row);
    return new Part(row.name(), origin.isEmpty() ? why : why + ", " + origin, bytes(row, file, ""));
  }

  static String from(UkiSection kind, Addon addon) {
    return kind.label() + " of " + printable(addon.name());
  }

  static ByteView bytes(Section row, Addon addon) {
    return bytes(row, addon.file(), addon.name());
  }

  static ByteView bytes(Section row, ByteView file, String owner) {
    return SectionText.bytes(row, file)
        .orElseThrow(
            () ->
                new KexecException(
                    Reason.TRUNCATED,
                    String.format(
                        "%ssection %s needs 0x%x bytes at offset 0x%x, but the file has 0x%x",
                        owner.isEmpty() ? "" : printable(owner) + ": ",
                        printable(row.name()),
                        Math.min(row.virtualSize(), row.rawSize()),
                        row.rawOffset(),
                        file.size()),
                    "the file may be cut short: compare its size with the original's"));
  }

  private static String printable(String text) {
    return Field.printable(text);
  }
}
