package io.github.kexecsim.cli;

import io.github.kexecsim.loader.image.RelocationTail;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.x86.DecompressorRegion;
import io.github.kexecsim.loader.x86.X86Decompressor;
import io.github.kexecsim.loader.x86.X86Vmlinux;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * What an x86 kernel's decompressor does with a layer.
 *
 * @param decompressor how a bzImage decompresses itself
 * @param vmlinux how the ELF file inside one is placed
 */
record X86View(Optional<X86Decompressor> decompressor, Optional<X86Vmlinux> vmlinux) {
  /** Of {@code view}, which is one of {@code views}. */
  static X86View of(List<LayerView> views, LayerView view) {
    return new X86View(
        X86Decompressor.of(view.layer()),
        view.number() == 1
            ? Optional.empty()
            : X86Vmlinux.of(views.get(view.number() - 2).layer(), view.layer()));
  }

  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    decompressor.ifPresent(own -> findings.addAll(own.findings()));
    vmlinux.ifPresent(kernel -> findings.addAll(kernel.findings()));
    return findings;
  }

  void writeTo(JsonText json) {
    decompressor.ifPresent(own -> json.object("decompressor", inner -> write(inner, own)));
    vmlinux.ifPresent(kernel -> json.object("vmlinux", inner -> write(inner, kernel)));
  }

  private static void write(JsonText json, X86Decompressor own) {
    json.hex("init_size", own.initSize()).hex("file_end", own.fileEnd());
    hex(json, "memory_end", own.memoryEnd());
    hex(json, "moved_to", own.movedTo());
    json.hex("heap_size", own.heapSize()).hex("stack_size", X86Decompressor.STACK_SIZE);
    hex(json, "needed_init_size", own.neededInitSize());
    own.margin().ifPresent(margin -> json.number("margin", margin));
    json.objects(
        "regions",
        own.regions(),
        region ->
            json.string("role", region.role().label())
                .hex("start", region.start())
                .hex("end", region.end())
                .bool("clears_itself", region.role().isClearedByItself()));
  }

  private static void hex(JsonText json, String name, OptionalLong value) {
    value.ifPresent(known -> json.hex(name, known));
  }

  private static void write(JsonText json, X86Vmlinux kernel) {
    json.hex("entry_offset", kernel.entryOffset()).hex("bss", kernel.bss());
    json.objects(
        "segments",
        kernel.segments(),
        segment ->
            json.hex("start", segment.start())
                .hex("file_end", segment.fileEnd())
                .hex("end", segment.end())
                .string("permissions", segment.header().permissions()));
    kernel.relocations().ifPresent(tail -> json.object("relocations", inner -> write(inner, tail)));
  }

  private static void write(JsonText json, RelocationTail tail) {
    json.hex("offset", tail.offset()).hex("size", tail.size());
    json.objects(
        "groups",
        tail.groups(),
        group ->
            json.string("kind", group.kind().label())
                .number("count", group.count())
                .hex("lowest", group.lowest())
                .hex("highest", group.highest()));
  }

  void writeTo(TextPage page) {
    decompressor.ifPresent(own -> write(page, own));
    vmlinux.ifPresent(kernel -> write(page, kernel));
  }

  private static void write(TextPage page, X86Decompressor own) {
    if (own.memoryEnd().isEmpty()) {
      page.labelled(
          "  own memory", "not told: images have a section .data that ends with it since v6.7");
      return;
    }
    long end = own.memoryEnd().getAsLong();
    page.labelled(
        "  own memory",
        String.format(
            "0x%x bytes, of which the file has 0x%x; .bss has a heap of %s and a stack of %s; a"
                + " loader by the PE or EFI handover entry must zero 0x%x up to 0x%x, from the end"
                + " of setup",
            end,
            own.fileEnd(),
            ByteCount.human(own.heapSize()),
            ByteCount.human(X86Decompressor.STACK_SIZE),
            own.bssStart(),
            end));
    page.labelled(
        "  init_size",
        String.format(
            "0x%x, and the kernel's formula wants 0x%x; the payload then ends %s %s the output",
            own.initSize(),
            own.neededInitSize().orElseThrow(),
            ByteCount.human(Math.abs(own.margin().orElseThrow())),
            own.margin().orElseThrow() < 0 ? "BEFORE" : "behind"));
    List<List<String>> rows = new ArrayList<>();
    for (DecompressorRegion region : own.regions()) {
      rows.add(
          List.of(
              region.role().label(),
              ByteCount.hex(region.start()),
              ByteCount.hex(region.end()),
              region.role().meaning()
                  + (region.role().isClearedByItself() ? "; clears it itself" : "")));
    }
    page.table(4, rows, 1, 2);
  }

  private static void write(TextPage page, X86Vmlinux kernel) {
    page.labelled(
        "  placed",
        String.format(
            Locale.ROOT,
            "%d segments, to 0x%x from the start of init_size, %s; entered at 0x%x",
            kernel.segments().size(),
            kernel.end(),
            kernel.bss() == 0
                ? "all of it copied"
                : ByteCount.hex(kernel.bss()) + " bytes of it .bss, which is not copied",
            kernel.entryOffset()));
    page.labelled(
        "  relocations",
        kernel
            .relocations()
            .map(
                tail ->
                    String.format(
                            Locale.ROOT,
                            "0x%x bytes at 0x%x: KASLR adjusts %d places (",
                            tail.size(),
                            tail.offset(),
                            tail.count())
                        + tail.groups().stream()
                            .map(group -> group.count() + " " + group.kind().meaning())
                            .collect(Collectors.joining(", "))
                        + ")")
            .orElse("none behind the ELF file"));
  }
}
