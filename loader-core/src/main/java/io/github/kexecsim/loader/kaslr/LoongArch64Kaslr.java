package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * loongarch64: the kernel copies itself, mapped directly, to a random distance above where it was
 * placed, and does not look at what lies there ({@code arch/loongarch/kernel/relocate.c}, v6.3 on).
 * It stays since v6.18 where {@code kexec_file} is on its command line, and since v7.1 where it
 * lies elsewhere than it was linked for; v7.1 looks out for the initrd besides.
 */
record LoongArch64Kaslr(NextKernel kernel) {
  private static final int IMAGE_SIZE = 16;
  private static final int TEXT_OFFSET = 24;
  private static final long STEP = 64 << 10;

  /** {@code CONFIG_RANDOMIZE_BASE_MAX_OFFSET} unless told at build time: 16 MiB. */
  private static final long MAX_OFFSET = 16L << 20;

  /** {@code CACHE_BASE}: where all physical addresses are mapped, cached. */
  static final long DIRECT_MAP = 0x9000_0000_0000_0000L;

  private static final KernelVersion BEFORE_KEXEC_FILE = new KernelVersion(6, 17);

  /** Why it moves, or stays. */
  private record Reason(KaslrCause cause, String why) {}

  KaslrOutlook outlook() {
    List<String> assumptions = new ArrayList<>();
    assumptions.add(kernel.assumedVersion());
    assumptions.add("CONFIG_RANDOMIZE_BASE up to 16 MiB, and CONFIG_HIBERNATION");
    Slots slots = slots();
    Reason reason = reason();
    if (!reason.cause().isRandomised()) {
      olderKernel(assumptions);
      Slots stays = Slots.fixed(kernel.image());
      return new KaslrOutlook(
          PhysicalKaslr.staying(reason.cause(), reason.why(), stays),
          VirtualKaslr.fixed(reason.cause(), reason.why(), DIRECT_MAP, stays.lowest()),
          kernel.outOfReach(),
          assumptions);
    }
    Optional<SystemRam> ram = SystemRam.of(kernel.machine());
    if (ram.isEmpty()) {
      assumptions.add("memory wherever it may move, as this machine's is not known");
    }
    List<Neighbour> neighbours = new ArrayList<>();
    kernel.needed().forEach(segment -> neighbours.add(neighbour(segment, slots)));
    ram.ifPresent(known -> neighbours.addAll(known.hits(slots)));
    return new KaslrOutlook(
        new PhysicalKaslr(reason.cause(), reason.why(), slots, OptionalLong.empty()),
        new VirtualKaslr(
            reason.cause(),
            "it is mapped directly: the virtual address follows the physical one",
            DIRECT_MAP,
            slots.lowest(),
            slots.highest(),
            STEP,
            OptionalLong.empty()),
        neighbours,
        assumptions);
  }

  /** In the kernel's own order: of the words on the command line the first that decides. */
  private Reason reason() {
    String commandLine = kernel.placed().commandLine();
    KernelVersion version = kernel.version();
    if (!version.isAtLeast(6, 3)) {
      return new Reason(KaslrCause.NOT_BUILT_IN, "loongarch64 kernels have had KASLR since 6.3");
    }
    if (kernel.image().start() % STEP != 0) {
      return new Reason(KaslrCause.NO_PLACE, "it lies at no multiple of 64 KiB, and so stays");
    }
    if (slots().count() == 0) {
      return new Reason(KaslrCause.NO_PLACE, "there is no address above it");
    }
    if (version.isAtLeast(7, 1) && !liesWhereLinked()) {
      return new Reason(
          KaslrCause.PLACED_ELSEWHERE,
          "it lies elsewhere than it was linked for, which counts as randomised already");
    }
    if (KaslrCommandLine.FIRST_OCCURRENCE.disables(commandLine)) {
      return new Reason(KaslrCause.NOKASLR, "nokaslr is on the command line");
    }
    for (String word : List.of("nohibernate", "noresume")) {
      if (KaslrCommandLine.startsWord(commandLine, word)) {
        return moves(word + " is on the command line, which is asked before kexec_file is");
      }
    }
    if (KaslrCommandLine.startsWord(commandLine, "resume=")) {
      return new Reason(KaslrCause.HIBERNATION, "resume= is on the command line");
    }
    if (version.isAtLeast(6, 18) && KaslrCommandLine.startsWord(commandLine, "kexec_file")) {
      return new Reason(
          KaslrCause.KEXEC_FILE, "kexec_file is on the command line, where kexec_file_load put it");
    }
    return moves("a kernel from before 6.18 does not know that kexec_file_load placed it");
  }

  private static Reason moves(String because) {
    return new Reason(
        KaslrCause.RANDOMISED, "it copies itself to a random place above: " + because);
  }

  private boolean liesWhereLinked() {
    return kernel.header(TEXT_OFFSET).orElse(kernel.image().start()) == kernel.image().start();
  }

  private Neighbour neighbour(KexecSegment segment, Slots slots) {
    String what = segment.role().label();
    if (segment.role() == SegmentRole.INITRD && kernel.version().isAtLeast(7, 1)) {
      return new Neighbour(what, segment.range(), false, "the kernel stays rather than hit it");
    }
    boolean canBeHit = slots.canHit(segment.range());
    return new Neighbour(
        what,
        segment.range(),
        canBeHit,
        canBeHit ? "the kernel does not look at what it overwrites" : "it lies out of reach");
  }

  /**
   * {@code determine_relocation_address}: multiples of 64 KiB below the bound; the lower ones,
   * which would overlap the kernel as it lies, are put behind it.
   */
  private Slots slots() {
    PhysRange image = kernel.image();
    long length = kernel.header(IMAGE_SIZE).orElse(image.size());
    long behind = Alignment.up(length, STEP);
    long lowDraws = Math.min(behind, MAX_OFFSET);
    long end = Math.max(behind + lowDraws, MAX_OFFSET);
    long room = PhysRange.LIMIT - image.start() - behind - length;
    long count = Math.min((end - behind) / STEP, room < 0 ? 0 : room / STEP + 1);
    return new Slots(
        length,
        STEP,
        count == 0 ? List.of() : List.of(new Slots.Run(image.start() + behind, count)));
  }

  /** The image may be older than the running kernel, and then it does not see kexec_file. */
  private void olderKernel(List<String> assumptions) {
    if (!kernel.version().isAtLeast(6, 18)) {
      return;
    }
    NextKernel older = new NextKernel(kernel.placed(), kernel.machine(), BEFORE_KEXEC_FILE);
    KaslrOutlook outlook = new LoongArch64Kaslr(older).outlook();
    if (outlook.physical().cause().isRandomised()) {
      assumptions.add(
          "no image of Linux 6.3 to 6.17, which would move"
              + outlook.hazard().map(text -> "; " + text).orElse(", and hit nothing"));
    }
  }
}
