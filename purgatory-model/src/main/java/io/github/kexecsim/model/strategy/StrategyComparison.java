package io.github.kexecsim.model.strategy;

import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.UserLoader;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.efi.EfiOptions;
import io.github.kexecsim.model.efi.EfiOutcome;
import io.github.kexecsim.model.efi.EfiPlan;
import io.github.kexecsim.model.efi.EfiSimulator;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.sim.Handoff;
import io.github.kexecsim.model.sim.Outcome;
import io.github.kexecsim.model.sim.PhysMemory;
import io.github.kexecsim.model.sim.Simulator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The courses of kexec for one image side by side. Every number is taken from a plan that was
 * simulated.
 *
 * @param rows one for each {@link Strategy} but firmware's, which is none of kexec, in their order
 */
public record StrategyComparison(List<Row> rows) {
  /**
   * What one course takes, and what comes of it.
   *
   * @param strategy the course
   * @param refusal why it does not load the image; then the rest is empty
   * @param course the course, where it does
   */
  public record Row(Strategy strategy, Optional<Refusal> refusal, Optional<Course> course) {}

  /**
   * A course that loads the image. Sizes in bytes.
   *
   * @param segments how many there are
   * @param loadPeak the most that loading takes of the running kernel's memory: files, what they
   *     were decompressed to, source pages, control pages
   * @param bootPeak the most that is in use between the two kernels: the segments, and what an EFI
   *     stub allocates beside them
   * @param copies what was written on the way
   * @param verified what checks the image, in words
   * @param ending how the simulation ended: that of the relocation, or of the stub after it
   * @param success whether the next kernel was entered with every byte of it in place
   * @param nextKernel the state in which the next kernel begins, where it does
   * @param warnings what a person should know of this course
   */
  public record Course(
      int segments,
      long loadPeak,
      long bootPeak,
      Copies copies,
      List<String> verified,
      String ending,
      boolean success,
      Optional<EntryState> nextKernel,
      List<String> warnings) {
    public Course {
      verified = List.copyOf(verified);
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * Bytes written on the way.
   *
   * @param decompressed out of the payload
   * @param loaded from files and buffers into source pages
   * @param relocated from source pages to their destinations
   * @param moved by an EFI stub, after that
   */
  public record Copies(long decompressed, long loaded, long relocated, long moved) {
    public long total() {
      return decompressed + loaded + relocated + moved;
    }
  }

  /**
   * What the next kernel sees.
   *
   * @param handoff pc, registers and MMU
   * @param efi whether it is told that it was booted by EFI
   * @param kaslrSeed where the seed comes from that places it in memory, in words
   */
  public record EntryState(Handoff handoff, boolean efi, String kaslrSeed) {}

  public StrategyComparison {
    rows = List.copyOf(rows);
  }

  /**
   * Plans and simulates every course of kexec.
   *
   * @param source which free pages the running kernel hands out
   */
  public static StrategyComparison of(LoadRequest request, EfiOptions options, PageSource source) {
    return new StrategyComparison(
        List.of(
            row(
                Strategy.KERNEL,
                () -> planned(Strategy.KERNEL, KexecFileLoader.load(request), source)),
            row(Strategy.USER, () -> planned(Strategy.USER, UserLoader.load(request), source)),
            row(Strategy.EMULATED_EFI, () -> emulatedEfi(request, options, source))));
  }

  /** Takes a course, or throws why it is not to be taken. */
  private interface Attempt {
    Row run();
  }

  private static Row row(Strategy strategy, Attempt attempt) {
    try {
      return attempt.run();
    } catch (KexecException e) {
      return new Row(strategy, Optional.of(new Refusal(e)), Optional.empty());
    }
  }

  private static Row planned(Strategy strategy, LoadPlan plan, PageSource source) {
    if (!plan.isLoadable()) {
      return new Row(strategy, plan.refusal(), Optional.empty());
    }
    PlacedLoad placed = plan.placed().orElseThrow();
    RelocationPlan relocation = relocation(plan.request(), placed, source);
    Outcome outcome = Simulator.run(relocation);
    boolean wrapped = plan.layers().size() > 1;
    long file = plan.request().image().size();
    long decompressed = plan.layers().stream().skip(1).mapToLong(layer -> layer.size()).sum();
    Course course =
        new Course(
            placed.segments().size(),
            relocation.memory().peak() + (wrapped ? file : 0),
            relocation.memory().destinations(),
            copies(decompressed, relocation, outcome, 0),
            verified(strategy, plan, placed),
            outcome.ending().text(),
            outcome.isSuccess(),
            outcome.handoff().map(handoff -> new EntryState(handoff, false, kaslrSeed(placed))),
            placed.warnings());
    return new Row(strategy, Optional.empty(), Optional.of(course));
  }

  private static Row emulatedEfi(LoadRequest request, EfiOptions options, PageSource source) {
    EfiPlan plan = EfiPlan.of(request, options);
    RelocationPlan relocation = relocation(request, plan.placed(), source);
    PhysMemory memory = Simulator.load(relocation);
    Outcome relocated = Simulator.execute(relocation, memory);
    EfiOutcome stub = EfiSimulator.execute(plan, memory);
    Course course =
        new Course(
            plan.placed().segments().size(),
            relocation.memory().peak(),
            relocation.memory().destinations() + stub.work().peakAllocated(),
            copies(stub.work().decompressed(), relocation, relocated, stub.work().copied()),
            List.of(
                "the zboot image's PE signature, where the kernel is built to",
                "the payload's own checksum, where its format has one, by the stub's decompressor"),
            stub.ending().text(),
            relocated.isSuccess() && stub.isSuccess(),
            stub.handoff()
                .map(
                    handoff ->
                        new EntryState(
                            handoff,
                            true,
                            options.rngSeed().isPresent()
                                ? "EFI_RNG_PROTOCOL of the emulated services"
                                : "none")),
            plan.placed().warnings());
    return new Row(Strategy.EMULATED_EFI, Optional.empty(), Optional.of(course));
  }

  private static RelocationPlan relocation(
      LoadRequest request, PlacedLoad placed, PageSource source) {
    return RelocationPlan.of(request.machine(), placed, request.type(), source, request.limits());
  }

  private static Copies copies(
      long decompressed, RelocationPlan relocation, Outcome outcome, long moved) {
    long relocated = outcome.work().pagesCopied() * relocation.machine().pageSize();
    return new Copies(decompressed, relocation.memory().buffers(), relocated, moved);
  }

  private static List<String> verified(Strategy strategy, LoadPlan plan, PlacedLoad placed) {
    boolean hasPurgatory =
        placed.segments().stream().anyMatch(s -> s.role() == SegmentRole.PURGATORY);
    Architecture architecture = plan.request().machine().architecture();
    boolean signed = architecture == Architecture.ARM64 || architecture == Architecture.X86_64;
    List<String> verified = new ArrayList<>();
    if (signed && strategy == Strategy.KERNEL) {
      verified.add("the image's PE signature, where the kernel is built to");
    }
    if (strategy == Strategy.USER && !hasPurgatory) {
      verified.add("not known: kexec-tools' own purgatory is not modelled here");
    }
    if (hasPurgatory) {
      verified.add("SHA-256 of every segment, by the purgatory");
    }
    return verified;
  }

  private static String kaslrSeed(PlacedLoad placed) {
    Optional<ByteView> tree =
        placed.segments().stream()
            .filter(segment -> segment.role() == SegmentRole.DTB)
            .findFirst()
            .flatMap(KexecSegment::content);
    boolean inTree =
        tree.map(FlattenedDeviceTree::parse)
            .flatMap(parsed -> parsed.node("/chosen"))
            .flatMap(chosen -> chosen.property("kaslr-seed"))
            .isPresent();
    return inTree ? "kaslr-seed in the device tree" : "none";
  }
}
