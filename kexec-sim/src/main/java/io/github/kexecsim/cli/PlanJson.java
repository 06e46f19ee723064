package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.List;

/** A load as JSON of the schema {@code kexec-sim/plan/1}, which docs/plan.schema.json describes. */
final class PlanJson {
  private static final String SCHEMA = "kexec-sim/plan/1";

  private PlanJson() {}

  static String of(PlanReport report, Digests digests) {
    return JsonText.of(json -> write(json, report, digests));
  }

  private static void write(JsonText json, PlanReport report, Digests digests) {
    json.string("schema", SCHEMA).string("verdict", report.verdict());
    report.refusal().ifPresent(refusal -> json.object("reason", inner -> write(inner, refusal)));
    json.object("image", inner -> writeImage(inner, report, digests));
    report
        .initrd()
        .ifPresent(initrd -> json.object("initrd", inner -> writeFile(inner, initrd, digests)));
    report
        .machine()
        .ifPresent(
            machine ->
                json.object("machine", inner -> write(inner, machine, report.machineNotes())));
    json.string("strategy", report.strategy().label()).string("type", report.type().label());
    json.string("command_line", report.commandLine());
    report
        .composition()
        .ifPresent(uki -> json.object("composition", inner -> CompositionView.writeTo(inner, uki)));
    // A load whose relocation is refused has a place, and does not get there.
    if (report.refusal().isEmpty()) {
      report.plan().flatMap(LoadPlan::placed).ifPresent(placed -> write(json, placed, digests));
    }
    report.kaslr().ifPresent(outlook -> new KaslrView(outlook).writeTo(json));
    ZeroView.of(report).ifPresent(zero -> zero.writeTo(json));
    report.relocation().ifPresent(relocation -> relocation.writeTo(json));
    report.efi().ifPresent(course -> course.writeTo(json));
    report.firmware().ifPresent(course -> course.writeTo(json));
    report.courses().ifPresent(courses -> StrategyTable.write(json, courses));
    report
        .comparison()
        .ifPresent(compared -> json.object("compare", inner -> write(inner, compared)));
    json.strings("warnings", report.plan().map(LoadPlan::warnings).orElse(List.of()));
    json.strings("not_modelled", report.notModelled());
  }

  static void write(JsonText json, Refusal refusal) {
    json.string("code", refusal.reason().code())
        .string("errno", refusal.errno().name())
        .string("message", refusal.message())
        .string("hint", refusal.hint());
  }

  private static void write(JsonText json, LogComparison compared) {
    json.string("log", compared.log())
        .bool("identical", compared.isIdentical())
        .strings("differences", compared.differences());
  }

  private static void writeFile(JsonText json, InputFile file, Digests digests) {
    json.string("file", file.name())
        .hex("size", file.bytes().size())
        .string("sha256", digests.sha256(file.bytes()));
  }

  private static void writeImage(JsonText json, PlanReport report, Digests digests) {
    writeFile(json, report.image(), digests);
    json.objects("layers", LayerView.of(report.layers()), layer -> layer.writeTo(json));
  }

  private static void write(JsonText json, ChosenMachine chosen, List<String> notes) {
    Machine machine = chosen.machine();
    json.string("name", machine.name())
        .string("source", chosen.source())
        .string("arch", machine.architecture().label())
        .string("kernel_version", machine.kernelVersion().toString())
        .hex("page_size", machine.pageSize())
        .string("memory_walk", machine.walk().label())
        .objects("ranges", machine.ranges(), range -> write(json, range));
    machine
        .crashRegion()
        .ifPresent(region -> json.object("crash_region", inner -> write(inner, region)));
    json.strings("notes", notes);
  }

  private static void write(JsonText json, PhysRange range) {
    json.hex("start", range.start()).hex("end", range.end());
  }

  private static void write(JsonText json, PlacedLoad placed, Digests digests) {
    json.objects("segments", placed.segments(), segment -> write(json, segment, digests));
    json.hex("entry", placed.entry()).hex("kernel_entry", placed.kernelEntry());
    json.string("handed_command_line", placed.commandLine());
    placed.segments().stream()
        .filter(segment -> segment.role() == SegmentRole.PURGATORY)
        .findFirst()
        .ifPresent(
            segment ->
                json.object(
                    "purgatory",
                    inner ->
                        inner
                            .hex("mem", segment.mem())
                            .hex("memsz", segment.memsz())
                            .hex("bufsz", segment.bufsz())
                            .hex("entry", placed.entry())));
    placed.x86Start().ifPresent(start -> EarlyStart.write(json, start));
    if (!placed.e820().isEmpty()) {
      json.objects(
          "e820",
          placed.e820(),
          entry -> {
            write(json, entry.range());
            json.hex("type", entry.type());
          });
    }
  }

  private static void write(JsonText json, KexecSegment segment, Digests digests) {
    json.string("role", segment.role().label())
        .hex("mem", segment.mem())
        .hex("memsz", segment.memsz())
        .hex("bufsz", segment.bufsz());
    segment.content().ifPresent(content -> json.string("sha256", digests.sha256(content)));
  }
}
