package io.github.kexecsim.cli;

import io.github.kexecsim.model.efi.EfiEvent;
import io.github.kexecsim.model.efi.EfiOutcome;
import io.github.kexecsim.model.efi.EfiPlan;
import io.github.kexecsim.model.efi.EfiService;
import io.github.kexecsim.model.efi.ReserveItem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The emulated-EFI course: what it keeps for the image's stub, and what the stub did.
 *
 * @param plan the course
 * @param outcome what came of running the stub, where that was asked for
 */
record EfiCourse(EfiPlan plan, Optional<EfiOutcome> outcome) {
  void writeTo(JsonText json) {
    json.object(
        "efi",
        efi -> {
          efi.hex("reserve_size", plan.reserveSize());
          efi.objects(
              "reserve",
              plan.reserve(),
              item ->
                  efi.string("what", item.what())
                      .hex("size", item.bytes())
                      .bool("segment", item.isSegment()));
          efi.object("symbols", symbols -> plan.symbols().forEach(symbols::hex));
          outcome.ifPresent(ran -> write(efi, ran));
        });
  }

  private static void write(JsonText json, EfiOutcome ran) {
    json.string("ending", ran.ending().code())
        .bool("success", ran.isSuccess())
        .string("summary", ran.summary())
        .strings("unsupported", ran.unsupported().stream().map(EfiService::toString).toList())
        .strings("events", ran.events().stream().map(EfiEvent::toString).toList());
    ran.kernel()
        .ifPresent(
            kernel ->
                json.object(
                    "kernel",
                    inner ->
                        inner
                            .hex("start", kernel.range().start())
                            .hex("end", kernel.range().end())
                            .hex("size", kernel.size())));
  }

  void writeTo(TextPage page) {
    List<List<String>> rows = new ArrayList<>();
    for (ReserveItem item : plan.reserve()) {
      rows.add(
          List.of(
              ByteCount.hex(item.bytes()),
              ByteCount.human(item.bytes()),
              item.what() + (item.isSegment() ? " (a segment)" : "")));
    }
    page.labelled(
        "reserve",
        ByteCount.human(plan.reserveSize()) + " for what the stub will allocate, beside segments");
    page.table(14, rows, 0, 1);
    outcome.ifPresent(ran -> write(page, ran));
  }

  private static void write(TextPage page, EfiOutcome ran) {
    page.labelled("stub", (ran.isSuccess() ? "" : "FAILED: ") + ran.summary());
    String label = "services";
    for (EfiEvent event : ran.events()) {
      page.labelled(label, TextPage.printable(event.toString()));
      label = "";
    }
    if (!ran.unsupported().isEmpty()) {
      page.labelled(
          "unsupported",
          ran.unsupported().stream().map(EfiService::toString).collect(Collectors.joining(", ")));
    }
  }
}
