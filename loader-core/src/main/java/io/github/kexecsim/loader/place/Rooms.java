package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;

/** The holes that are left between placed segments, to say why a buffer does not fit. */
final class Rooms {
  private final boolean anyRange;
  private final List<PhysRange> holes;

  private Rooms(boolean anyRange, List<PhysRange> holes) {
    this.anyRange = anyRange;
    this.holes = holes;
  }

  static Rooms of(List<PhysRange> ranges, List<KexecSegment> placed) {
    List<PhysRange> taken = placed.stream().map(KexecSegment::range).sorted().toList();
    List<PhysRange> holes = new ArrayList<>();
    for (PhysRange range : ranges) {
      long start = range.start();
      for (PhysRange segment : taken) {
        if (segment.overlaps(range)) {
          if (segment.start() > start) {
            holes.add(new PhysRange(start, segment.start()));
          }
          start = Math.max(start, segment.end());
        }
      }
      if (start < range.end()) {
        holes.add(new PhysRange(start, range.end()));
      }
    }
    return new Rooms(!ranges.isEmpty(), holes);
  }

  KexecException refusal(KexecBuf buf, LoadType type) {
    if (type == LoadType.CRASH && !anyRange) {
      return new KexecException(
          Reason.NO_CRASH_REGION,
          "the machine has reserved no memory for a crash kernel",
          "boot it with crashkernel=SIZE");
    }
    PhysRange best = largestFor(buf);
    String where =
        buf.max() == KexecBuf.NO_MAX
            ? String.format("from 0x%x up", buf.min())
            : String.format("from 0x%x to 0x%x", buf.min(), buf.max());
    String room =
        best.isEmpty()
            ? "nothing is free there"
            : String.format(
                "the largest hole there has %s at 0x%x", Amount.of(best.size()), best.start());
    return new KexecException(
        Reason.NO_ROOM,
        String.format(
            "no room for the %s: it takes %s aligned to 0x%x, %s; %s",
            buf.role(), Amount.of(buf.memsz()), buf.align(), where, room),
        "more memory, or fewer reservations in it, would help");
  }

  /** The largest stretch that begins aligned and lies within the buffer's bounds. */
  private PhysRange largestFor(KexecBuf buf) {
    PhysRange best = new PhysRange(0, 0);
    for (PhysRange hole : holes) {
      long start = MemHole.alignUp(Math.max(hole.start(), buf.min()), buf.align());
      long end = Math.min(hole.end(), buf.max() + 1);
      if (end - start > best.size()) {
        best = new PhysRange(start, end);
      }
    }
    return best;
  }
}
