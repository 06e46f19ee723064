package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Flaw;
import io.github.kexecsim.loader.uki.Part;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A load as text for people: the verdict first. */
final class PlanText {
  private static final int LONGEST_NAME = 24;

  private PlanText() {}

  static String of(PlanReport report) {
    TextPage page = new TextPage();
    page.line(verdict(report)).line("");
    page.labelled("image", TextPage.printable(report.image().name()) + ": " + layers(report));
    report.machine().ifPresent(machine -> write(page, machine));
    report.composition().ifPresent(uki -> CompositionView.writeTo(page, uki));
    report.plan().flatMap(LoadPlan::placed).ifPresent(placed -> write(page, report, placed));
    ZeroView.of(report).ifPresent(zero -> zero.writeTo(page));
    report.kaslr().ifPresent(outlook -> new KaslrView(outlook).writeTo(page));
    report
        .relocation()
        .ifPresent(
            way ->
                way.writeTo(
                    page,
                    report.efi().isPresent()
                        ? "the purgatory was entered, which starts the image's own stub"
                        : "the next kernel was entered"));
    report.efi().ifPresent(course -> course.writeTo(page));
    report.firmware().ifPresent(course -> course.writeTo(page));
    report.courses().ifPresent(courses -> StrategyTable.write(page, courses));
    report
        .plan()
        .ifPresent(plan -> plan.warnings().forEach(line -> page.labelled("warning", line)));
    report.machineNotes().forEach(line -> page.labelled("note", line));
    if (report.refusal().isEmpty()) {
      String label = "not modelled";
      for (String item : report.notModelled()) {
        page.labelled(label, item);
        label = "";
      }
    }
    report.comparison().ifPresent(compared -> write(page, compared));
    return page.toString();
  }

  private static void write(TextPage page, LogComparison compared) {
    page.labelled("compared", TextPage.printable(compared.log()) + ": " + compared.summary());
    compared.differences().forEach(line -> page.labelled("difference", TextPage.printable(line)));
  }

  private static String verdict(PlanReport report) {
    return report
        .refusal()
        .map(refusal -> "rejected: " + describe(refusal, report.strategy()))
        .orElseGet(() -> "loadable: " + accepted(report));
  }

  private static String accepted(PlanReport report) {
    String type = " as a " + report.type().label() + " load";
    if (report.strategy() == Strategy.FIRMWARE) {
      return loader(report) + " accepts " + kernel(report);
    }
    boolean isProposed =
        report.layers().stream()
            .flatMap(layer -> layer.findings().stream())
            .anyMatch(finding -> finding.flaw() == Flaw.PROPOSED_FORMAT);
    return isProposed
        ? "by an RFC's model "
            + loader(report)
            + " would take "
            + kernel(report)
            + type
            + "; no released kernel does"
        : loader(report) + " accepts " + kernel(report) + type;
  }

  private static String loader(PlanReport report) {
    return switch (report.strategy()) {
      case KERNEL -> "kexec_file_load";
      case USER -> "kexec-tools (kexec_load)";
      case EMULATED_EFI -> "an emulated-EFI loader";
      case FIRMWARE -> "firmware's LoadImage";
    };
  }

  private static String kernel(PlanReport report) {
    int layers = report.layers().size();
    return layers > 1
        ? "the " + report.layers().get(layers - 1).image().format() + " inside"
        : "this image";
  }

  private static String describe(Refusal refusal, Strategy strategy) {
    String code = refusal.reason().code();
    boolean kernels = refusal.reason().isKernels() && strategy != Strategy.FIRMWARE;
    return kernels ? code + ", the kernel answers " + refusal.errno() : code;
  }

  private static String layers(PlanReport report) {
    if (report.layers().isEmpty()) {
      return "no known format, " + ByteCount.human(report.image().bytes().size());
    }
    return LayerView.line(report.layers());
  }

  private static void write(TextPage page, ChosenMachine chosen) {
    Machine machine = chosen.machine();
    long total = machine.ranges().stream().mapToLong(PhysRange::size).sum();
    page.labelled(
        "machine",
        TextPage.printable(machine.name())
            + ": "
            + machine.architecture()
            + ", Linux "
            + machine.kernelVersion()
            + ", "
            + ByteCount.human(machine.pageSize())
            + " pages, "
            + ByteCount.human(total)
            + " in "
            + machine.ranges().size()
            + (machine.ranges().size() == 1 ? " range (" : " ranges (")
            + machine.walk().label()
            + "); "
            + TextPage.printable(chosen.source()));
  }

  private static void write(TextPage page, PlanReport report, PlacedLoad placed) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("segment", "mem", "to", "memsz", "", "bufsz", "what"));
    for (KexecSegment segment : placed.segments()) {
      rows.add(
          List.of(
              segment.role().label(),
              ByteCount.hex(segment.mem()),
              ByteCount.hex(segment.range().last()),
              ByteCount.hex(segment.memsz()),
              ByteCount.human(segment.memsz()),
              ByteCount.hex(segment.bufsz()),
              content(segment, report)));
    }
    page.line("").table(0, rows, 1, 2, 3, 4, 5).line("");
    page.labelled("entry", entry(placed));
    placed.x86Start().ifPresent(start -> EarlyStart.write(page, start));
    String handed = placed.commandLine();
    if (!handed.equals(report.commandLine())) {
      page.labelled("command line", Field.printable(handed));
    }
  }

  private static String entry(PlacedLoad placed) {
    String kernel = ByteCount.hex(placed.kernelEntry());
    return placed.entry() == placed.kernelEntry()
        ? kernel + ", the kernel"
        : ByteCount.hex(placed.entry()) + ", the purgatory; then " + kernel + ", the kernel";
  }

  private static String content(KexecSegment segment, PlanReport report) {
    return switch (segment.role()) {
      case KERNEL -> baseName(report.image());
      case INITRD -> initrd(report);
      case DTB -> tree(report);
      case ELFCOREHDR -> "memory to dump";
      case PURGATORY -> "running kernel's own";
      case BOOT_PARAMS -> "setup header, e820";
      case EFI_SERVICES -> "emulated EFI";
      case STACK -> "stack";
      case CMDLINE -> "command line";
    };
  }

  private static String initrd(PlanReport report) {
    List<String> ofUki =
        report.composition().stream()
            .flatMap(uki -> uki.initrds().stream())
            .map(Part::from)
            .toList();
    if (ofUki.isEmpty() || ofUki.equals(List.of(Part.GIVEN))) {
      return report.initrd().map(PlanText::baseName).orElse("");
    }
    return ofUki.size() == 1 ? ofUki.get(0) : ofUki.size() + " initrds joined";
  }

  private static String tree(PlanReport report) {
    boolean ofUki =
        report.composition().filter(uki -> uki.deviceTree().bytes().isPresent()).isPresent();
    return ofUki ? "UKI's tree, edited" : "machine's tree, edited";
  }

  private static String baseName(InputFile file) {
    String name = TextPage.printable(String.valueOf(Path.of(file.name()).getFileName()));
    return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME - 3) + "...";
  }
}
