package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.place.LoadType;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One request and a real kernel's answer.
 *
 * @param name what it is called in its file
 * @param kernel the offered kernel's name in {@link RecordedLoads#kernels()}
 * @param initrdSize the offered initrd's size in bytes, if there was one
 * @param commandLine the offered command line
 * @param type for a reboot, or for a crash
 * @param result {@code OK}, or the name of the errno
 * @param segments in the kernel's order; empty where it refused
 * @param entry {@code image->start}, where it did not refuse
 * @param e820 the memory table handed over on x86_64, where it was recorded
 */
public record RecordedLoad(
    String name,
    String kernel,
    OptionalLong initrdSize,
    String commandLine,
    LoadType type,
    String result,
    List<RecordedSegment> segments,
    OptionalLong entry,
    Optional<List<E820Entry>> e820) {
  /** The result of a load that was accepted. */
  public static final String OK = "OK";

  public RecordedLoad {
    segments = List.copyOf(segments);
  }
}
