package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;

/**
 * What every list of segments must keep to: {@code kernel/kexec_core.c, sanity_check_segment_list}
 * (v6.1).
 */
public final class SegmentRules {
  private SegmentRules() {}

  /**
   * Checks a placed list as the kernel does before it copies anything, in its order: the first
   * fault decides the errno.
   *
   * @throws KexecException {@link Reason#BAD_SEGMENT}, {@link Reason#TOO_LARGE_FOR_MEMORY} or
   *     {@link Reason#OUTSIDE_CRASH_REGION}
   */
  public static void check(Machine machine, LoadType type, List<KexecSegment> segments) {
    for (KexecSegment segment : segments) {
      checkPages(machine, segment);
    }
    for (int i = 0; i < segments.size(); i++) {
      for (int j = 0; j < i; j++) {
        checkApart(segments.get(j), segments.get(i));
      }
    }
    for (KexecSegment segment : segments) {
      checkBufsz(segment);
    }
    checkHalfOfMemory(machine, segments);
    if (type == LoadType.CRASH) {
      for (KexecSegment segment : segments) {
        checkInsideCrashRegion(machine, segment);
      }
    }
  }

  private static void checkPages(Machine machine, KexecSegment segment) {
    long unaligned = (segment.mem() | segment.range().end()) & (machine.pageSize() - 1);
    if (unaligned != 0) {
      throw new KexecException(
          Reason.BAD_SEGMENT,
          Errno.EADDRNOTAVAIL,
          segment.role() + " at " + segment.range() + " is not made of whole pages",
          "",
          null);
    }
  }

  private static void checkBufsz(KexecSegment segment) {
    if (segment.bufsz() > segment.memsz()) {
      throw new KexecException(
          Reason.BAD_SEGMENT,
          String.format(
              "%s has %s to copy and only %s of memory",
              segment.role(), Amount.of(segment.bufsz()), Amount.of(segment.memsz())),
          "the image's header declares less memory than its file has bytes");
    }
  }

  private static void checkApart(KexecSegment one, KexecSegment other) {
    if (one.range().overlaps(other.range())) {
      throw new KexecException(
          Reason.BAD_SEGMENT,
          one.role() + " at " + one.range() + " overlaps " + other.role() + " at " + other.range(),
          "");
    }
  }

  private static void checkHalfOfMemory(Machine machine, List<KexecSegment> segments) {
    long half = machine.usableRam() / machine.pageSize() / 2 * machine.pageSize();
    long total = 0;
    for (KexecSegment segment : segments) {
      total += segment.memsz();
      if (segment.memsz() > half) {
        throw tooLarge("the " + segment.role() + " takes", segment.memsz(), half, segments);
      }
    }
    if (total > half) {
      throw tooLarge("the segments together take", total, half, segments);
    }
  }

  private static KexecException tooLarge(
      String what, long size, long half, List<KexecSegment> segments) {
    long others =
        segments.stream()
            .filter(segment -> segment.role() != SegmentRole.INITRD)
            .mapToLong(KexecSegment::memsz)
            .sum();
    boolean initrdFits =
        others < half && segments.stream().anyMatch(s -> s.role() == SegmentRole.INITRD);
    return new KexecException(
        Reason.TOO_LARGE_FOR_MEMORY,
        String.format(
            "%s %s; the kernel allows half of its memory, about %s",
            what, Amount.of(size), Amount.of(half)),
        initrdFits
            ? "an initrd of at most " + Amount.of(half - others) + " would do"
            : "only a machine with more memory takes this kernel");
  }

  private static void checkInsideCrashRegion(Machine machine, KexecSegment segment) {
    PhysRange region =
        machine
            .crashRegion()
            .orElseThrow(
                () ->
                    new KexecException(
                        Reason.NO_CRASH_REGION, "the machine has no crash kernel region", ""));
    if (!region.contains(segment.range())) {
      throw new KexecException(
          Reason.OUTSIDE_CRASH_REGION,
          segment.role() + " at " + segment.range() + " is outside the crash region " + region,
          "");
    }
  }
}
