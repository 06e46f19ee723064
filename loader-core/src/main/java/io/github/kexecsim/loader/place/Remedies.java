package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongPredicate;

/**
 * What would make a load fit that finds no room: each remedy was tried on the same machine, by
 * placing the load anew, before it is named.
 */
final class Remedies {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /** No crash kernel region is larger in earnest. */
  private static final long MAX_CRASHKERNEL_MIB = 64L << 10;

  private final Placement placement;
  private final PlacementRequest request;

  Remedies(Placement placement, PlacementRequest request) {
    this.placement = placement;
    this.request = request;
  }

  /** The same refusal with the remedies that there are as its hint. */
  KexecException addedTo(KexecException refusal) {
    List<String> hints = new ArrayList<>();
    if (request.type() == LoadType.CRASH) {
      crashkernel().ifPresent(hints::add);
    }
    initrdSize()
        .ifPresent(size -> hints.add("an initrd of at most " + Amount.of(size) + " would fit"));
    if (hints.isEmpty()) {
      return refusal;
    }
    return new KexecException(
        refusal.reason(),
        refusal.errno(),
        refusal.getMessage(),
        String.join("; or ", hints),
        refusal);
  }

  /** The smallest crash kernel region that takes the load, as the kernel parameter says it. */
  private Optional<String> crashkernel() {
    long start = crashRegionStart();
    String high = start >= 4 * GIB ? ",high" : "";
    LongPredicate fits = size -> fits(withCrashRegion(PhysRange.ofSize(start, size * MIB)));
    long enough = 1;
    while (!fits.test(enough)) {
      enough *= 2;
      if (enough > MAX_CRASHKERNEL_MIB) {
        return Optional.empty();
      }
    }
    long size = smallest(enough / 2, enough, fits);
    return Optional.of(
        String.format(Locale.ROOT, "crashkernel=%dM%s or more would do", size, high));
  }

  /** Where the region begins; where there is none, a place as aligned as the kernel chooses one. */
  private long crashRegionStart() {
    Machine machine = request.machine();
    if (machine.crashRegion().isPresent()) {
      return machine.crashRegion().get().start();
    }
    // CRASH_ALIGN is 16 MiB on x86_64, whose kernel and initrd also stay above that address.
    long align = machine.architecture() == Architecture.X86_64 ? 16 * MIB : 2 * MIB;
    long largest =
        machine.ranges().stream()
            .filter(range -> range.start() < 4 * GIB)
            .max(Comparator.comparingLong(PhysRange::size))
            .map(PhysRange::start)
            .orElse(0L);
    return Alignment.up(Math.max(largest, align), align);
  }

  private PlacementRequest withCrashRegion(PhysRange region) {
    return new PlacementRequest(
        request.machine().withCrashRegion(region),
        request.kernel(),
        request.initrd(),
        request.commandLine(),
        request.type(),
        request.seed());
  }

  /** The largest initrd that the machine as it is takes, in bytes. */
  private OptionalLong initrdSize() {
    if (request.initrd().isEmpty()) {
      return OptionalLong.empty();
    }
    long page = request.machine().pageSize();
    LongPredicate fails = pages -> !fits(withInitrd(pages * page));
    if (fails.test(1)) {
      return OptionalLong.empty();
    }
    long tooMany = (request.initrd().get().size() + page - 1) / page;
    return OptionalLong.of((smallest(1, tooMany, fails) - 1) * page);
  }

  private PlacementRequest withInitrd(long size) {
    return new PlacementRequest(
        request.machine(),
        request.kernel(),
        Optional.of(FileContent.ofSize(size)),
        request.commandLine(),
        request.type(),
        request.seed());
  }

  private boolean fits(PlacementRequest changed) {
    try {
      placement.checked(changed);
      return true;
    } catch (KexecException e) {
      return false;
    }
  }

  /**
   * A number that holds whose predecessor does not, between one that does not and one that does.
   */
  private static long smallest(long doesNot, long does, LongPredicate holds) {
    long low = doesNot;
    long high = does;
    while (high - low > 1) {
      long middle = (low + high) >>> 1;
      if (holds.test(middle)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high;
  }
}
