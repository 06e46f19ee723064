package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.memory.E820Entry;
import java.util.List;

/**
 * Where everything goes.
 *
 * @param segments in the order in which the kernel places them
 * @param entry the physical address at which the hand-over begins ({@code image->start})
 * @param kernelEntry the physical address at which the next kernel itself begins
 * @param commandLine what the next kernel is told, with what its loader put in front
 * @param e820 the memory table handed over on x86_64; empty elsewhere
 * @param warnings what a person should know of this placement
 */
public record PlacedLoad(
    List<KexecSegment> segments,
    long entry,
    long kernelEntry,
    String commandLine,
    List<E820Entry> e820,
    List<String> warnings) {
  public PlacedLoad {
    segments = List.copyOf(segments);
    e820 = List.copyOf(e820);
    warnings = List.copyOf(warnings);
  }
}
