package io.github.kexecsim.cli;

import io.github.kexecsim.model.strategy.StrategyComparison;
import io.github.kexecsim.model.strategy.StrategyComparison.Course;
import io.github.kexecsim.model.strategy.StrategyComparison.Row;
import java.util.ArrayList;
import java.util.List;

/** The courses for one image side by side: what {@code load --strategies} adds. */
final class StrategyTable {
  private StrategyTable() {}

  static void write(JsonText json, StrategyComparison comparison) {
    json.objects("strategies", comparison.rows(), row -> write(json, row));
  }

  private static void write(JsonText json, Row row) {
    json.string("strategy", row.strategy().label());
    row.refusal().ifPresent(refusal -> json.object("reason", r -> PlanJson.write(r, refusal)));
    row.course().ifPresent(course -> write(json, course));
  }

  private static void write(JsonText json, Course course) {
    json.hex("segments", course.segments())
        .hex("load_peak", course.loadPeak())
        .hex("boot_peak", course.bootPeak())
        .hex("bytes_copied", course.copies().total())
        .strings("verified", course.verified())
        .strings("warnings", course.warnings())
        .string("ending", course.ending())
        .bool("success", course.success());
    course
        .nextKernel()
        .ifPresent(
            state ->
                json.bool("mmu", state.handoff().mmu())
                    .bool("efi", state.efi())
                    .string("kaslr_seed", state.kaslrSeed()));
  }

  static void write(TextPage page, StrategyComparison comparison) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("strategy", "load peak", "boot peak", "copied", "next kernel sees"));
    for (Row row : comparison.rows()) {
      String name = row.strategy().label();
      rows.add(
          row.course()
              .map(course -> cells(name, course))
              .orElseGet(() -> List.of(name, "-", "-", "-", refusal(row))));
    }
    page.line("").table(0, rows, 1, 2, 3);
    for (Row row : comparison.rows()) {
      row.course()
          .ifPresent(
              course ->
                  page.labelled(
                      "verified by",
                      row.strategy().label()
                          + ": "
                          + (course.verified().isEmpty()
                              ? "nothing"
                              : String.join("; ", course.verified()))));
    }
    for (Row row : comparison.rows()) {
      row.course().stream()
          .flatMap(course -> course.warnings().stream())
          .forEach(line -> page.labelled("warning", row.strategy().label() + ": " + line));
    }
    page.line("");
  }

  private static String refusal(Row row) {
    return row.refusal()
        .map(refusal -> refusal.reason().code() + ": " + TextPage.printable(refusal.message()))
        .orElse("");
  }

  private static List<String> cells(String name, Course course) {
    String seen =
        course
            .nextKernel()
            .map(
                state ->
                    (state.handoff().mmu() ? "MMU on" : "MMU off")
                        + (state.efi() ? ", EFI" : ", no EFI")
                        + (state.kaslrSeed().equals("none")
                            ? ", no KASLR seed"
                            : ", KASLR seed from " + state.kaslrSeed()))
            .orElse(course.ending());
    return List.of(
        name,
        ByteCount.human(course.loadPeak()),
        ByteCount.human(course.bootPeak()),
        ByteCount.human(course.copies().total()),
        course.success() ? seen : "FAILED: " + course.ending());
  }
}
