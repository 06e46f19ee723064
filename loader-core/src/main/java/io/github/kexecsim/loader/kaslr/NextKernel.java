package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A kernel that was placed, and what it will do about its own place. Its version decides that, and
 * an image does not tell it in a place that could be looked up: it has to be assumed.
 *
 * @param placed where it and all that goes with it lie
 * @param machine the machine
 * @param version the version that the next kernel is taken to be of
 */
public record NextKernel(PlacedLoad placed, Machine machine, KernelVersion version) {
  /** What the next kernel still needs once it runs. */
  private static final Set<SegmentRole> NEEDED =
      EnumSet.of(
          SegmentRole.INITRD,
          SegmentRole.DTB,
          SegmentRole.ELFCOREHDR,
          SegmentRole.BOOT_PARAMS,
          SegmentRole.CMDLINE);

  private static final int HEADER_SIZE = 64;

  /** The next kernel, taken to be of the running kernel's version. */
  public static NextKernel of(PlacedLoad placed, Machine machine) {
    return new NextKernel(placed, machine, machine.kernelVersion());
  }

  /**
   * Where it may end up if it is entered as it was placed; empty where no rule is known, and for an
   * image whose EFI stub runs first.
   */
  public Optional<KaslrOutlook> outlook() {
    if (segment(SegmentRole.KERNEL).isEmpty() || segment(SegmentRole.EFI_SERVICES).isPresent()) {
      return Optional.empty();
    }
    return switch (machine.architecture()) {
      case ARM64 -> Optional.of(new Arm64Kaslr(this).outlook());
      case RISCV64 -> Optional.of(new Riscv64Kaslr(this).outlook());
      case LOONGARCH64 -> Optional.of(new LoongArch64Kaslr(this).outlook());
      case X86_64 -> placed.x86Start().map(start -> new X86Kaslr(this, start).outlook());
    };
  }

  /**
   * Where it may end up where its EFI stub runs and has chosen the place already. Only arm64 and
   * riscv64 kernels have a stub that leaves nothing but the mapping to the kernel.
   *
   * @param physical the stub's choice
   * @param taken what lay in memory when the stub chose, and must stay
   * @param assumptions what the choice rests on, beside the version
   * @throws IllegalArgumentException on another architecture
   */
  public KaslrOutlook placedByStub(
      PhysicalKaslr physical, List<KexecSegment> taken, List<String> assumptions) {
    boolean canMove = physical.cause() != KaslrCause.NOT_BUILT_IN;
    VirtualKaslr virtual =
        switch (machine.architecture()) {
          case ARM64 -> {
            Arm64Kaslr arm64 = new Arm64Kaslr(this);
            yield canMove ? arm64.virtual() : arm64.fixed(physical.cause(), physical.why());
          }
          case RISCV64 ->
              canMove
                  ? new Riscv64Kaslr(this).virtual()
                  : Riscv64Kaslr.fixed(physical.cause(), physical.why());
          case LOONGARCH64, X86_64 ->
              throw new IllegalArgumentException(machine.architecture() + " kernels go on alone");
        };
    List<Neighbour> neighbours = new ArrayList<>();
    for (KexecSegment segment : taken) {
      neighbours.add(
          physical
              .slots()
              .neighbour(
                  segment.role().label(),
                  segment.range(),
                  "the stub takes free memory, and this is in use"));
    }
    neighbours.addAll(SystemRam.beside(physical.slots(), machine));
    List<String> all = new ArrayList<>(List.of(assumedVersion()));
    all.addAll(assumptions);
    return new KaslrOutlook(physical, virtual, neighbours, all);
  }

  /**
   * What a person should be warned of: that the load is safe only without randomisation. Looked for
   * only where kernels move in memory by themselves, as this is asked of every load.
   */
  public Optional<String> hazard() {
    return switch (machine.architecture()) {
      case ARM64, RISCV64 -> Optional.empty();
      case LOONGARCH64, X86_64 -> outlook().flatMap(KaslrOutlook::hazard);
    };
  }

  PhysRange image() {
    return segment(SegmentRole.KERNEL).orElseThrow().range();
  }

  /** The 64-bit word of the image's header; empty where the image's bytes are not known. */
  OptionalLong header(int offset) {
    Optional<ByteView> content = segment(SegmentRole.KERNEL).orElseThrow().content();
    return content.isPresent() && content.get().size() >= HEADER_SIZE
        ? OptionalLong.of(content.get().u64le(offset))
        : OptionalLong.empty();
  }

  HandedTree tree() {
    return HandedTree.of(segment(SegmentRole.DTB).flatMap(KexecSegment::content));
  }

  Optional<KexecSegment> segment(SegmentRole role) {
    for (KexecSegment segment : placed.segments()) {
      if (segment.role() == role) {
        return Optional.of(segment);
      }
    }
    return Optional.empty();
  }

  /** The segments that the next kernel needs when it runs. */
  List<KexecSegment> needed() {
    return placed.segments().stream().filter(segment -> NEEDED.contains(segment.role())).toList();
  }

  /** What lies around a kernel that does not move. */
  List<Neighbour> outOfReach() {
    List<Neighbour> around = new ArrayList<>();
    for (KexecSegment segment : needed()) {
      String what = segment.role().label();
      around.add(new Neighbour(what, segment.range(), false, "the kernel stays where it is"));
    }
    return around;
  }

  /** What every outlook takes for granted. */
  String assumedVersion() {
    // A record's own equals is linked on first use, which every start would pay for.
    return version.compareTo(machine.kernelVersion()) == 0
        ? "Linux " + version + ", as the running one"
        : "Linux " + version;
  }
}
