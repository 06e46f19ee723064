package io.github.kexecsim.model;

import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.kimage.PageSource;
import java.util.ArrayList;
import java.util.List;

/** What a plan leaves out or assumes, in lines for people. */
final class NotModelled {
  private final Machine machine;
  private final PlacedLoad placed;
  private final LoadType type;
  private final PageSource source;

  NotModelled(Machine machine, PlacedLoad placed, LoadType type, PageSource source) {
    this.machine = machine;
    this.placed = placed;
    this.type = type;
    this.source = source;
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (type == LoadType.DEFAULT) {
      lines.add(
          "which free pages the running kernel hands out, and what programs have taken of them: "
              + source
              + " is assumed, over all memory that was not reserved at boot");
      lines.add("source pages from CMA or KHO scratch memory (6.16 and later, where configured)");
    }
    for (KexecSegment segment : placed.segments()) {
      if (segment.content().isEmpty() && segment.role() != SegmentRole.PURGATORY) {
        lines.add("the content of the " + segment.role() + ": a pattern stands in for its bytes");
      }
    }
    if (placed.segments().stream().anyMatch(s -> s.role() == SegmentRole.PURGATORY)) {
      lines.add(
          "the purgatory's own code and where in it its stack lies: its effect is executed, a pattern"
              + " stands in for its bytes");
    }
    lines.addAll(
        switch (machine.architecture()) {
          case ARM64 -> arm64();
          case X86_64 ->
              List.of(
                  "where KASLR put the running kernel: its text is taken to be at"
                      + " 0xffffffff81000000",
                  "the EFI system table's place in the identity map; 1 GiB pages are taken to be"
                      + " there, and memory encryption not");
          case RISCV64 -> List.of("the hart that starts the next kernel: hart 0 is assumed");
          case LOONGARCH64 ->
              List.of(
                  "the firmware's arguments in a0 and a2 and the command line's copy at 0x108000");
        });
    return lines;
  }

  private List<String> arm64() {
    return type == LoadType.CRASH
        ? List.of()
        : List.of(
            "the running kernel's linear map: 48-bit addresses, not randomised, and a descriptor for"
                + " every page are assumed",
            "a kernel that runs at EL2 without VHE: it takes one control page more for its vectors");
  }
}
