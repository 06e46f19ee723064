package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.loader.x86.X86Decompressor;
import io.github.kexecsim.loader.x86.ZeroRange;
import java.util.List;
import java.util.Optional;

/**
 * Which memory of a placed bzImage is to be zero, and who sees to it.
 *
 * @param ranges at least one
 */
record ZeroView(List<ZeroRange> ranges) {
  /** Empty for other images, and where the image does not tell. */
  static Optional<ZeroView> of(PlanReport report) {
    Optional<PlacedLoad> placed = report.plan().flatMap(LoadPlan::placed);
    // Firmware maps the whole file, setup included: its plan tells what it zeroes.
    if (placed.isEmpty() || report.strategy() == Strategy.FIRMWARE) {
      return Optional.empty();
    }
    return report.layers().stream()
        .flatMap(layer -> X86Decompressor.of(layer).stream())
        .findFirst()
        .flatMap(
            decompressor ->
                placed.get().segments().stream()
                    .filter(segment -> segment.role() == SegmentRole.KERNEL)
                    .findFirst()
                    .map(kernel -> ranges(decompressor, kernel)))
        .filter(ranges -> !ranges.isEmpty())
        .map(ZeroView::new);
  }

  private static List<ZeroRange> ranges(X86Decompressor decompressor, KexecSegment kernel) {
    return decompressor.zeroRanges(kernel.mem(), kernel.bufsz(), kernel.memsz());
  }

  void writeTo(JsonText json) {
    json.objects(
        "zero",
        ranges,
        zero ->
            json.hex("start", zero.range().start())
                .hex("end", zero.range().end())
                .string("zeroed_by", zero.zeroedBy().label())
                .bool("before_entry", zero.isBeforeEntry()));
  }

  void writeTo(TextPage page) {
    String label = "zero";
    for (ZeroRange zero : ranges) {
      page.labelled(label, range(zero.range()) + ": " + told(zero.zeroedBy()));
      label = "";
    }
  }

  private static String range(PhysRange range) {
    return ByteCount.hex(range.start()) + " to " + ByteCount.hex(range.last());
  }

  private static String told(ZeroRange.By zeroedBy) {
    return switch (zeroedBy) {
      case LOADER ->
          "the decompressor's .bss, which kexec zeroes; a loader that does not leaves garbage there"
              + " for the PE and EFI handover entries";
      case NOBODY ->
          "not zero, though .bss: what the file has behind its kernel; the 64-bit entry, by which"
              + " kexec goes, does not mind";
      case DECOMPRESSOR -> "the decompressor zeroes it itself, once it has moved there";
    };
  }
}
