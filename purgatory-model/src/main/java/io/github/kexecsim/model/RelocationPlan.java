package io.github.kexecsim.model;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRules;
import io.github.kexecsim.model.kimage.Kimage;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.mmu.IdentityMap;
import io.github.kexecsim.model.purgatory.PurgatoryPlan;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How placed segments get to their places, and what runs on the way. Made by {@link #of}; executed
 * by {@link io.github.kexecsim.model.sim.Simulator}.
 *
 * @param machine the machine
 * @param placed where the segments go
 * @param source which free pages the running kernel hands out
 * @param kimage the loaded image and its list
 * @param controlCode the physical address of the page that holds the relocation code
 * @param swapPage the physical address of {@code image->swap_page}; crash loads have none
 * @param controlPages what was allocated outside the destinations, in the order in which it was
 * @param identityMap the translation under which the relocation code runs
 * @param purgatory what the purgatory is told, where the architecture has one
 * @param notModelled what differs on a real machine, or may, for people to read
 */
public record RelocationPlan(
    Machine machine,
    PlacedLoad placed,
    PageSource source,
    Kimage kimage,
    long controlCode,
    OptionalLong swapPage,
    List<PhysRange> controlPages,
    IdentityMap identityMap,
    Optional<PurgatoryPlan> purgatory,
    List<String> notModelled) {
  public RelocationPlan {
    controlPages = List.copyOf(controlPages);
    notModelled = List.copyOf(notModelled);
  }

  /**
   * Plans with the default limit; see {@link #of(Machine, PlacedLoad, LoadType, PageSource,
   * Limits)}.
   */
  public static RelocationPlan of(
      Machine machine, PlacedLoad placed, LoadType type, PageSource source) {
    return of(machine, placed, type, source, Limits.DEFAULT);
  }

  /**
   * Plans how a placed load gets into place, in the order in which kexec_file_load does.
   *
   * @param source which free pages the running kernel hands out
   * @param limits {@link Limit#PAGES} is how many pages the segments may have altogether
   * @throws KexecException what {@link SegmentRules#check} throws; {@link Reason#BAD_SEGMENT} for a
   *     segment or an entry outside memory; {@link Reason#NO_MEMORY} when the free pages do not
   *     suffice; {@link Reason#LIMIT_EXCEEDED}; {@link Reason#BAD_MEMORY_MAP} for memory that the
   *     machine's kernel cannot map
   */
  public static RelocationPlan of(
      Machine machine, PlacedLoad placed, LoadType type, PageSource source, Limits limits) {
    SegmentRules.check(machine, type, placed.segments());
    checkInsideMemory(machine, placed);
    return new RelocationPlanner(machine, placed, type, source, limits).plan();
  }

  private static void checkInsideMemory(Machine machine, PlacedLoad placed) {
    PhysRangeSet memory =
        PhysRangeSet.of(machine.ranges())
            .union(PhysRangeSet.of(machine.dumpedRam()))
            .union(PhysRangeSet.of(machine.crashRegion().stream().toList()));
    for (KexecSegment segment : placed.segments()) {
      if (!memory.contains(segment.range())) {
        throw new KexecException(
            Reason.BAD_SEGMENT,
            segment.role() + " at " + segment.range() + " is outside the machine's memory",
            "compare it with the machine's /proc/iomem");
      }
    }
    if (placed.segments().stream().noneMatch(s -> s.range().contains(placed.entry()))) {
      throw new KexecException(
          Reason.BAD_SEGMENT, String.format("the entry 0x%x is in no segment", placed.entry()), "");
    }
  }

  /** For a reboot, or for a crash. */
  public LoadType type() {
    return kimage.type();
  }

  /** How many control pages there are. */
  public long controlPageCount() {
    return PhysRangeSet.of(controlPages).totalSize() / machine.pageSize();
  }

  /**
   * Whether the relocation code swaps source and destination instead of copying: x86_64 before
   * v6.14, which always kept what a return to the running kernel would need ({@code
   * arch/x86/kernel/relocate_kernel_64.S, swap_pages}).
   */
  public boolean swapsPages() {
    return RelocationPlanner.isX86BeforeSeparateTables(machine);
  }

  /** What the load takes of the running kernel's memory. */
  public MemoryUse memory() {
    long pageSize = machine.pageSize();
    return new MemoryUse(
        placed.segments().stream().mapToLong(KexecSegment::bufsz).sum(),
        kimage.sourcePages() * pageSize,
        kimage.indirectionPages() * pageSize,
        controlPageCount() * pageSize,
        kimage.heldPages() * pageSize,
        kimage.destinations().pages() * pageSize);
  }
}
