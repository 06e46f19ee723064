package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.x86.X86Start;
import java.util.List;
import java.util.Optional;

/**
 * Where everything goes.
 *
 * @param segments in the order in which the kernel places them
 * @param entry the physical address at which the hand-over begins ({@code image->start})
 * @param kernelEntry the physical address at which the next kernel itself begins
 * @param commandLine what the next kernel is told, with what its loader put in front
 * @param e820 the memory table handed over on x86_64; empty elsewhere
 * @param warnings what a person should know of this placement
 * @param x86Start x86_64: what is decided before the next kernel itself runs
 */
public record PlacedLoad(
    List<KexecSegment> segments,
    long entry,
    long kernelEntry,
    String commandLine,
    List<E820Entry> e820,
    List<String> warnings,
    Optional<X86Start> x86Start) {
  public PlacedLoad {
    segments = List.copyOf(segments);
    e820 = List.copyOf(e820);
    warnings = List.copyOf(warnings);
  }

  /** A load of another architecture. */
  public PlacedLoad(
      List<KexecSegment> segments,
      long entry,
      long kernelEntry,
      String commandLine,
      List<E820Entry> e820,
      List<String> warnings) {
    this(segments, entry, kernelEntry, commandLine, e820, warnings, Optional.empty());
  }
}
