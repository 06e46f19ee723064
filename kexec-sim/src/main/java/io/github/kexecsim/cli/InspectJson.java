package io.github.kexecsim.cli;

import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code inspect} tells, as JSON ({@code docs/inspect.schema.json}). */
final class InspectJson {
  private static final String SCHEMA = "kexec-sim/inspect/1";

  private InspectJson() {}

  static String of(InspectReport report, List<InspectReport.Details> details) {
    return JsonText.of(
        json -> {
          write(json, report.file(), report.digests())
              .objects("layers", details, layer -> write(json, layer, report.digests()));
          report
              .composition()
              .ifPresent(
                  uki -> json.object("composition", inner -> CompositionView.writeTo(inner, uki)));
          report
              .error()
              .ifPresent(refusal -> json.object("error", inner -> PlanJson.write(inner, refusal)));
        });
  }

  /** An addon, which has no layers. */
  static String of(AddonView addon, Digests digests) {
    return JsonText.of(
        json -> {
          write(json, addon.file(), digests).objects("layers", List.<Layer>of(), layer -> {});
          json.object("addon", addon::writeTo);
        });
  }

  private static JsonText write(JsonText json, InputFile file, Digests digests) {
    return json.string("schema", SCHEMA)
        .string("file", file.name())
        .hex("size", file.bytes().size())
        .string("sha256", digests.sha256(file.bytes()));
  }

  private static void write(JsonText json, InspectReport.Details details, Digests digests) {
    Layer layer = details.layer().layer();
    details.layer().writeTo(json);
    details.margin().ifPresent(margin -> margin.writeTo(json));
    details.x86().writeTo(json);
    json.string("sha256", digests.sha256(layer.bytes()));
    json.object("fields", inner -> fields(layer).forEach(inner::string));
    details.sections().ifPresent(sections -> sections.writeTo(json));
    json.strings("warnings", details.findings().stream().map(Finding::message).toList());
    write(json, details.findings());
  }

  static void write(JsonText json, List<Finding> findings) {
    json.objects(
        "findings",
        findings,
        finding ->
            json.string("code", finding.flaw().code())
                .string("severity", finding.flaw().severity().label())
                .string("message", finding.message())
                .string("remedy", finding.remedy()));
  }

  /** The fields by name; a name that comes again gets a number. */
  private static Map<String, String> fields(Layer layer) {
    Map<String, String> fields = new LinkedHashMap<>();
    Map<String, Integer> times = new HashMap<>();
    for (Field field : layer.fields()) {
      int time = times.merge(field.name(), 1, Integer::sum);
      fields.put(time == 1 ? field.name() : field.name() + " (" + time + ")", field.value());
    }
    return fields;
  }
}
