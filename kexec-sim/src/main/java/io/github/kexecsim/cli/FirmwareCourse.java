package io.github.kexecsim.cli;

import io.github.kexecsim.loader.FirmwareLoad;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.pe.MappedPe;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.ArrayList;
import java.util.List;

/**
 * An image as firmware maps it: what {@code load --strategy firmware} adds to a plan.
 *
 * @param load the course
 */
record FirmwareCourse(FirmwareLoad load) {
  private static final String HEADERS = "(headers)";

  void writeTo(JsonText json) {
    load.mapped().ifPresent(image -> json.object("firmware", inner -> write(inner, image)));
  }

  private void write(JsonText json, MappedPe image) {
    json.hex("base", image.base())
        .hex("size", image.range().size())
        .hex("image_base", image.header().imageBase())
        .hex("relocated", image.relocated());
    json.objects("parts", image.parts(), part -> write(json, part));
    json.objects("zeros", image.zeros(), range -> write(json, range));
    json.objects("untouched", image.untouched(), range -> write(json, range));
    List<Finding> objections = load.objections();
    json.object(
        "write_xor_execute",
        inner ->
            inner
                .bool("starts", objections.isEmpty())
                .objects(
                    "objections",
                    objections,
                    objection ->
                        inner
                            .string("code", objection.flaw().code())
                            .string("message", objection.message())
                            .string("remedy", objection.remedy())));
  }

  private static void write(JsonText json, MappedPe.Part part) {
    json.string("name", Field.printable(part.name()))
        .hex("start", part.range().start())
        .hex("end", part.range().end())
        .hex("from_file", part.fromFile())
        .string("protection", part.protection().label());
  }

  private static void write(JsonText json, PhysRange range) {
    json.hex("start", range.start()).hex("end", range.end());
  }

  void writeTo(TextPage page) {
    load.mapped().ifPresent(image -> write(page, image));
  }

  private void write(TextPage page, MappedPe image) {
    page.labelled("firmware", describe(image));
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("section", "mem", "to", "from file", "zero", "may"));
    for (MappedPe.Part part : image.parts()) {
      rows.add(
          List.of(
              part.name().isEmpty() ? HEADERS : Field.printable(part.name()),
              ByteCount.hex(part.range().start()),
              ByteCount.hex(part.range().last()),
              ByteCount.hex(part.fromFile()),
              ByteCount.hex(part.zeros().size()),
              part.protection().label()));
    }
    page.line("").table(0, rows, 1, 2, 3, 4).line("");
    List<Finding> objections = load.objections();
    page.labelled(
        "W^X",
        objections.isEmpty()
            ? "it starts where firmware enforces W^X"
            : "it does not start where firmware enforces W^X:");
    objections.forEach(
        objection -> page.labelled("", objection.message() + "; " + objection.remedy()));
  }

  private static String describe(MappedPe image) {
    String place = "the image is mapped at " + ByteCount.hex(image.base());
    if (image.base() == image.header().imageBase()) {
      return place + ", its image base";
    }
    return image.relocated() == 0
        ? place + ", and has no relocations to apply"
        : place + ", and relocated in " + image.relocated() + " places";
  }
}
