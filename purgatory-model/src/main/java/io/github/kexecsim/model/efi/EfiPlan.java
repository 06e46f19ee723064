package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.image.ZbootImage;
import io.github.kexecsim.loader.kaslr.KaslrOutlook;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.place.EfiPlacement;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.place.SegmentRules;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.model.mmu.Arm64FlatMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A zboot image placed whole, with emulated EFI services for its stub. Made by {@link #of}; a plan
 * that cannot work is refused when it is made: there is none whose segments overlap, whose stack
 * meets another segment, or whose services are outside memory.
 *
 * @param request what was asked
 * @param options what the emulation is like
 * @param image the zboot image's header
 * @param generation how its stub goes about it
 * @param placed the segments; the hand-over begins in the services block, which leads to the stub
 * @param usable the memory that the services hand out, segments included: what is mapped 1:1
 * @param reserve what memory is needed for, item by item
 */
public record EfiPlan(
    LoadRequest request,
    EfiOptions options,
    ZbootImage image,
    StubGeneration generation,
    PlacedLoad placed,
    PhysRange usable,
    List<ReserveItem> reserve) {

  /**
   * Checks the plan.
   *
   * @throws KexecException what {@link SegmentRules#check} throws; {@link Reason#BAD_SEGMENT} for a
   *     segment that the course needs and that is not there, or outside the usable memory, for
   *     usable memory that the machine does not have, or for an entry outside its segment; {@link
   *     Reason#NO_ROOM} if the segments leave too little for the stub
   */
  public EfiPlan {
    reserve = List.copyOf(reserve);
    SegmentRules.check(request.machine(), request.type(), placed.segments());
    if (!PhysRangeSet.of(request.machine().ranges()).contains(usable)) {
      throw bad("usable memory " + usable + " is outside the machine's free memory");
    }
    for (KexecSegment segment : placed.segments()) {
      if (!usable.contains(segment.range())) {
        throw bad(
            segment.role() + " at " + segment.range() + " is outside usable memory " + usable);
      }
    }
    require(placed, SegmentRole.DTB);
    require(placed, SegmentRole.STACK);
    checkEntry(require(placed, SegmentRole.EFI_SERVICES), placed.entry());
    checkEntry(require(placed, SegmentRole.KERNEL), placed.kernelEntry());
    long hole = EfiPlacement.largestHole(placed.segments(), usable);
    if (hole < StubReserve.total(reserve)) {
      throw new KexecException(
          Reason.NO_ROOM,
          String.format(
              "0x%x bytes are free in one piece, and the stub is going to allocate 0x%x",
              hole, StubReserve.total(reserve)));
    }
  }

  private static KexecSegment require(PlacedLoad placed, SegmentRole role) {
    return placed.segments().stream()
        .filter(segment -> segment.role() == role)
        .findFirst()
        .orElseThrow(() -> bad("there is no " + role + " segment"));
  }

  private static void checkEntry(KexecSegment segment, long entry) {
    if (!segment.range().contains(entry)) {
      throw bad(
          String.format(
              "the entry 0x%x is outside the %s at %s", entry, segment.role(), segment.range()));
    }
  }

  private static KexecException bad(String message) {
    return new KexecException(Reason.BAD_SEGMENT, message);
  }

  /**
   * Plans the course.
   *
   * @throws KexecException {@link Reason#UNSUPPORTED_STRATEGY} for what the course is not modelled
   *     for: other machines than arm64, crash loads, images without an EFI stub or that are no
   *     zboot images; {@link Reason#LIMIT_EXCEEDED} when more would be decompressed than the
   *     request's limits allow; {@link Reason#NO_ROOM}; what parsing the image and this record's
   *     constructor throw
   */
  public static EfiPlan of(LoadRequest request, EfiOptions options) {
    return new EfiPlanner(request, options).plan();
  }

  /** The first segment of a role. */
  public Optional<KexecSegment> segment(SegmentRole role) {
    return placed.segments().stream().filter(segment -> segment.role() == role).findFirst();
  }

  PhysRange rangeOf(SegmentRole role) {
    return require(placed, role).range();
  }

  ServicesBlock block() {
    return new ServicesBlock(rangeOf(SegmentRole.EFI_SERVICES).start(), request.givenCommandLine());
  }

  /** The map under which the stub runs; its tables lie in the services block. */
  public Arm64FlatMap identityMap() {
    return block().identityMap(usable);
  }

  /** What the purgatory is told, by the symbols' names. */
  public Map<String, Long> symbols() {
    return block()
        .symbols(
            usable,
            rangeOf(SegmentRole.DTB).start(),
            rangeOf(SegmentRole.STACK).end(),
            placed.kernelEntry());
  }

  /** What the stub is expected to allocate, in bytes: the items that are no segments. */
  public long reserveSize() {
    return StubReserve.total(reserve);
  }

  /** The same as a plan like those of the other courses. */
  public LoadPlan loadPlan() {
    return new LoadPlan(
        request,
        List.of(new Layer(image, request.image(), Optional.empty())),
        Optional.of(placed),
        Optional.empty(),
        placed.warnings(),
        Optional.empty(),
        Strategy.EMULATED_EFI);
  }

  /**
   * Where the next kernel may end up: what its stub chooses, as {@link EfiSimulator#run} carries it
   * out, of all that it may choose. Made on every call, by a run of the stub; a stub of v6.1
   * decompresses in it. Empty where the stub does not enter the kernel.
   */
  public Optional<KaslrOutlook> kaslr() {
    return EfiSimulator.outlook(this);
  }

  /** What differs on a real machine, or may, for people to read. */
  public List<String> notModelled() {
    return List.of(
        "the course is an RFC's, never merged: layout and symbol names are our own",
        "the services' and the stub's machine code: their effect is executed, call by call",
        "memory outside "
            + usable
            + ": the services are told of one range, so the next kernel is told of no other",
        "what the running kernel's memory holds that the next kernel's EFI memory map would list as"
            + " runtime services, ACPI tables or firmware reservations",
        "device mappings in the 1:1 map: the console's output is only logged",
        "stubs before v6.3 turn the MMU off before they enter the kernel; the PE header does not"
            + " tell them from later ones, which leave it on",
        "what the kernel's configuration adds: 48-bit addresses, no TPM, no dtb= option, no"
            + " command line built in",
        "the time-outs, watchdog and measured boot of real firmware");
  }
}
