package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The last load that a host's debug output tells of: the kernel's log of a load with {@code
 * KEXEC_FILE_DEBUG} ({@code kernel/kexec_file.c}, since v6.7; {@code kernel/kexec.c} since v6.19),
 * or what {@code kexec -d -l} prints of a load that it placed itself.
 *
 * @param accepted whether the load was accepted
 * @param byKexecTools whether kexec-tools placed it, which lists segments by address
 * @param segments in the log's order; empty where the kernel placed none
 * @param entry {@code image->start}, where it was logged
 * @param type for a reboot or for a crash, where it was logged
 * @param kernelSize the kernel file's size in bytes, where it was logged
 * @param e820 the memory table handed over on x86_64, where it was logged
 * @param refusal the errno, where kexec-tools printed one that kexec_file_load answers
 */
public record DebugLog(
    boolean accepted,
    boolean byKexecTools,
    List<LoggedSegment> segments,
    OptionalLong entry,
    Optional<LoadType> type,
    OptionalLong kernelSize,
    Optional<List<E820Entry>> e820,
    Optional<Errno> refusal) {
  public DebugLog {
    segments = List.copyOf(segments);
    e820 = e820.map(List::copyOf);
  }

  /**
   * Reads a log of any kind: dmesg with or without levels and times, a journal, or what kexec
   * printed. Lines of other things are passed over.
   *
   * @throws KexecException {@link Reason#BAD_RECORD} where it tells of no load, or not of all
   *     segments of the last one
   */
  public static DebugLog parse(String text) {
    DebugLogReader reader = new DebugLogReader();
    text.lines().forEach(reader::line);
    return reader.lastLoad();
  }

  /**
   * How a plan for the same load on the same host differs.
   *
   * @return what differs, the log's side first; empty where all is identical
   */
  public List<String> differences(PlacedLoad planned) {
    if (!accepted) {
      return List.of("the log tells of a refused load" + errnoInWords() + ", planned OK");
    }
    List<KexecSegment> plan = new ArrayList<>(planned.segments());
    if (byKexecTools) {
      plan.sort(Comparator.comparingLong(KexecSegment::mem));
    }
    List<String> differences = new ArrayList<>();
    if (plan.size() == segments.size()) {
      compareInOrder(plan, differences);
    } else {
      compareAsSets(plan, differences);
    }
    if (entry.isPresent() && entry.getAsLong() != planned.entry()) {
      differences.add(
          String.format("entry 0x%x, planned 0x%x", entry.getAsLong(), planned.entry()));
    }
    e820.flatMap(table -> E820Difference.between(table, planned.e820()))
        .ifPresent(differences::add);
    return differences;
  }

  /**
   * How a plan that is refused differs.
   *
   * @return what differs, the log's side first; empty where the log tells of the same
   */
  public List<String> differences(KexecException planned) {
    boolean same = !accepted && refusal.map(planned.errno()::equals).orElse(true);
    return same
        ? List.of()
        : List.of(
            (accepted ? "the log tells of an accepted load" : "refused" + errnoInWords())
                + ", planned "
                + planned.errno()
                + ": "
                + planned.getMessage());
  }

  private String errnoInWords() {
    return refusal.map(errno -> " with " + errno).orElse("");
  }

  private void compareInOrder(List<KexecSegment> plan, List<String> differences) {
    for (int i = 0; i < plan.size(); i++) {
      LoggedSegment mine = LoggedSegment.of(plan.get(i));
      if (!segments.get(i).equals(mine)) {
        differences.add(
            "segment "
                + i
                + " ("
                + plan.get(i).role()
                + "): "
                + segments.get(i)
                + ", planned "
                + mine);
      }
    }
  }

  /** One segment more or less must not make all behind it look different. */
  private void compareAsSets(List<KexecSegment> plan, List<String> differences) {
    List<LoggedSegment> mine = plan.stream().map(LoggedSegment::of).toList();
    for (int i = 0; i < segments.size(); i++) {
      if (!mine.contains(segments.get(i))) {
        differences.add("segment " + i + ": " + segments.get(i) + ", not planned");
      }
    }
    for (int i = 0; i < mine.size(); i++) {
      if (!segments.contains(mine.get(i))) {
        differences.add("no such segment, planned " + plan.get(i).role() + " " + mine.get(i));
      }
    }
  }
}
