package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MemoryWalk;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The segments of a load while they are being placed: {@code image->segment} of a kimage. */
final class SegmentList {
  /** {@code include/linux/kexec.h, KEXEC_SEGMENT_MAX}. */
  static final int MAX_SEGMENTS = 16;

  private final Machine machine;
  private final LoadType type;
  private final RangeIndex ranges;
  private final MemHole hole;
  private final List<KexecSegment> segments = new ArrayList<>();

  SegmentList(Machine machine, LoadType type) {
    this(machine, type, walked(machine, type));
  }

  /** A list whose holes are searched in other ranges than the kernel walks. */
  SegmentList(Machine machine, LoadType type, List<PhysRange> walked) {
    this.machine = machine;
    this.type = type;
    this.ranges = new RangeIndex(walked);
    this.hole =
        new MemHole(
            ranges,
            !KernelDifference.TOP_DOWN_USES_LAST_BYTE.in(machine.kernelVersion()),
            machine.walk() == MemoryWalk.SYSTEM_RAM
                && !KernelDifference.SYSTEM_RAM_WALKED_DOWN.in(machine.kernelVersion()));
  }

  private static List<PhysRange> walked(Machine machine, LoadType type) {
    return type == LoadType.CRASH
        ? machine.crashRegion().map(List::of).orElse(List.of())
        : machine.ranges();
  }

  /** Places a buffer: {@code kexec_add_buffer}. Empty where no hole takes it. */
  Optional<KexecSegment> tryAdd(KexecBuf buf) {
    if (segments.size() == MAX_SEGMENTS) {
      throw new KexecException(
          Reason.BAD_SEGMENT,
          "a load has at most " + MAX_SEGMENTS + " segments; " + buf.role() + " is one more",
          "");
    }
    if (buf.memsz() > PhysRange.LIMIT) {
      return Optional.empty();
    }
    KexecBuf rounded = buf.roundedTo(machine.pageSize());
    long mem = hole.locate(rounded, segments);
    if (mem == MemHole.NONE) {
      return Optional.empty();
    }
    KexecSegment segment =
        new KexecSegment(
            buf.role(), PhysRange.ofSize(mem, rounded.memsz()), buf.bufsz(), buf.content());
    segments.add(segment);
    return Optional.of(segment);
  }

  /**
   * Places a buffer, or says why there is no room for it.
   *
   * @throws KexecException {@link Reason#NO_ROOM} or {@link Reason#NO_CRASH_REGION}
   */
  KexecSegment add(KexecBuf buf) {
    return tryAdd(buf).orElseThrow(() -> noRoom(buf, segments));
  }

  int count() {
    return segments.size();
  }

  /** Forgets every segment from the {@code count}-th on. */
  void undoTo(int count) {
    segments.subList(count, segments.size()).clear();
  }

  void replace(int index, KexecSegment segment) {
    segments.set(index, segment);
  }

  /** The first segment of a role. */
  Optional<KexecSegment> withRole(SegmentRole role) {
    return segments.stream().filter(segment -> segment.role() == role).findFirst();
  }

  List<KexecSegment> asList() {
    return Collections.unmodifiableList(segments);
  }

  /** Why {@code buf} found no room beside {@code placed}. */
  KexecException noRoom(KexecBuf buf, List<KexecSegment> placed) {
    return Rooms.of(ranges.asList(), placed).refusal(buf.roundedTo(machine.pageSize()), type);
  }
}
