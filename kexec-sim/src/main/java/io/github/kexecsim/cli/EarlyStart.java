package io.github.kexecsim.cli;

import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.x86.CodeRegion;
import io.github.kexecsim.loader.x86.Paging5;
import io.github.kexecsim.loader.x86.X86Start;
import java.util.ArrayList;
import java.util.List;

/** What is decided before an x86_64 kernel itself runs, as JSON and as text. */
final class EarlyStart {
  private EarlyStart() {}

  static void write(JsonText json, X86Start start) {
    Paging5 paging = start.paging();
    json.object(
        "paging",
        inner -> {
          inner.number("levels", paging.levels()).bool("switched", paging.isSwitched());
          inner.string("why", paging.why());
          paging.trampoline().ifPresent(way -> inner.object("trampoline", it -> write(it, way)));
        });
    if (!start.codeRegions().isEmpty()) {
      json.objects("code_regions", start.codeRegions(), region -> write(json, region));
    }
  }

  private static void write(JsonText json, Paging5.Trampoline trampoline) {
    write(json, trampoline.range());
    json.hex("table", trampoline.table().start())
        .hex("code", trampoline.code().start())
        .string("why", trampoline.why())
        .strings("steps", trampoline.steps());
  }

  private static void write(JsonText json, CodeRegion region) {
    write(json, region.range());
    json.string("what", region.what())
        .bool("executable", region.executable())
        .bool("writable", region.writable());
  }

  private static void write(JsonText json, PhysRange range) {
    json.hex("start", range.start()).hex("end", range.end());
  }

  /** Of a kernel with a decompressor of its own only a switch of paging is worth a line. */
  static void write(TextPage page, X86Start start) {
    Paging5 paging = start.paging();
    if (paging.isSwitched() || start.place().isPresent()) {
      page.labelled("paging", paging.levels() + " levels: " + paging.why());
    }
    paging.trampoline().ifPresent(trampoline -> write(page, trampoline));
    if (!start.codeRegions().isEmpty()) {
      page.labelled("code", "what firmware that maps data NX must be asked to let run");
      List<List<String>> rows = new ArrayList<>();
      for (CodeRegion region : start.codeRegions()) {
        String rights = (region.writable() ? "rw" : "r-") + (region.executable() ? "x" : "-");
        rows.add(
            List.of(
                ByteCount.hex(region.range().start()),
                ByteCount.hex(region.range().last()),
                rights,
                region.what()));
      }
      page.table(2, rows, 0, 1);
    }
  }

  private static void write(TextPage page, Paging5.Trampoline trampoline) {
    page.labelled(
        "trampoline",
        ByteCount.hex(trampoline.range().start())
            + " to "
            + ByteCount.hex(trampoline.range().last())
            + ": "
            + trampoline.why());
    trampoline.steps().forEach(step -> page.labelled("", step));
  }
}
