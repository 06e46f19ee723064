package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.PlacementRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Recorded loads, planned anew and compared: the same result, the same segments in the same order
 * with the same mem, memsz and bufsz, the same entry and the same memory table.
 */
public final class Replay {
  /** The seed of random properties, whose values no recording keeps. */
  private static final long SEED = 0;

  /**
   * How one load compares.
   *
   * @param recording the recording's name
   * @param load the load's name
   * @param differences what differs, recorded first; empty where all is identical
   */
  public record Comparison(String recording, String load, List<String> differences) {
    public Comparison {
      differences = List.copyOf(differences);
    }

    public boolean isIdentical() {
      return differences.isEmpty();
    }
  }

  private Replay() {}

  /** Plans every load of a recording and compares it. */
  public static List<Comparison> of(RecordedLoads recording) {
    List<Comparison> comparisons = new ArrayList<>();
    for (RecordedLoad load : recording.loads()) {
      comparisons.add(new Comparison(recording.name(), load.name(), differences(recording, load)));
    }
    return comparisons;
  }

  private static List<String> differences(RecordedLoads recording, RecordedLoad load) {
    PlacementRequest request =
        new PlacementRequest(
            recording.machine(),
            recording.kernels().get(load.kernel()),
            load.initrdSize().isPresent()
                ? Optional.of(FileContent.ofSize(load.initrdSize().getAsLong()))
                : Optional.empty(),
            load.commandLine(),
            load.type(),
            SEED);
    PlacedLoad placed;
    try {
      placed = Placement.of(recording.machine().architecture()).place(request);
    } catch (KexecException refusal) {
      return load.result().equals(refusal.errno().name())
          ? List.of()
          : List.of(
              "result "
                  + load.result()
                  + ", planned "
                  + refusal.errno()
                  + ": "
                  + refusal.getMessage());
    }
    if (!load.result().equals(RecordedLoad.OK)) {
      return List.of("result " + load.result() + ", planned OK");
    }
    return compare(load, placed);
  }

  private static List<String> compare(RecordedLoad load, PlacedLoad placed) {
    List<String> differences = new ArrayList<>();
    int count = Math.max(load.segments().size(), placed.segments().size());
    for (int i = 0; i < count; i++) {
      String recorded = i < load.segments().size() ? load.segments().get(i).toString() : "none";
      String planned = i < placed.segments().size() ? describe(placed.segments().get(i)) : "none";
      if (!recorded.equals(planned)) {
        differences.add("segment " + i + ": " + recorded + ", planned " + planned);
      }
    }
    if (load.entry().isPresent() && load.entry().getAsLong() != placed.entry()) {
      differences.add(
          String.format("entry 0x%x, planned 0x%x", load.entry().getAsLong(), placed.entry()));
    }
    load.e820()
        .flatMap(table -> E820Difference.between(table, placed.e820()))
        .ifPresent(differences::add);
    return differences;
  }

  private static String describe(KexecSegment segment) {
    return new RecordedSegment(segment.role(), segment.mem(), segment.memsz(), segment.bufsz())
        .toString();
  }
}
