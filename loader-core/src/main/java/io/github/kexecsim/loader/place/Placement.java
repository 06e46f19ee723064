package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.memory.PhysRange;

/** How one architecture's kexec_file_load answers: its probe, its segments, its refusals. */
public abstract sealed class Placement
    permits Arm64Placement, Riscv64Placement, LoongArch64Placement, X86Placement {
  Placement() {}

  /** The placement of an architecture. */
  public static Placement of(Architecture architecture) {
    return switch (architecture) {
      case ARM64 -> new Arm64Placement();
      case RISCV64 -> new Riscv64Placement();
      case LOONGARCH64 -> new LoongArch64Placement();
      case X86_64 -> new X86Placement();
    };
  }

  /**
   * Places everything that a load consists of and checks it by {@link SegmentRules}. Where there is
   * no room, the refusal's hint says what would make some.
   *
   * @throws KexecException with the architecture's own errno where the kernel refuses
   */
  public final PlacedLoad place(PlacementRequest request) {
    try {
      return checked(request);
    } catch (KexecException e) {
      if (e.reason() == Reason.NO_ROOM || e.reason() == Reason.NO_CRASH_REGION) {
        throw new Remedies(this, request).addedTo(e);
      }
      throw e;
    }
  }

  /** As {@link #place}, without a look for what would make room. */
  final PlacedLoad checked(PlacementRequest request) {
    PlacedLoad placed = load(request);
    SegmentRules.check(request.machine(), request.type(), placed.segments());
    return placed;
  }

  /** Whether the loader takes such an image as it is, so that what is inside it stays there. */
  public boolean loads(KernelImage image) {
    return false;
  }

  /** Whether a load hands a device tree over. */
  public boolean handsDeviceTree() {
    return false;
  }

  /** The kernel's {@code load} of its {@code kexec_file_ops}, and the {@code probe} before it. */
  abstract PlacedLoad load(PlacementRequest request);

  /** A file that none of the kernel's loaders claims. */
  static KexecException notClaimed(Errno answer, String found) {
    return new KexecException(
        Reason.UNKNOWN_FORMAT,
        answer,
        found,
        "kexec_file_load of this architecture takes another format; of a wrapped image it takes the"
            + " innermost, decompressed",
        null);
  }

  /** Refuses an ELF vmlinux where the kernel has a loader for it, which is not modelled. */
  static void refuseElf(FileContent kernel) {
    if (kernel.known().matches(0, "\u007fELF")) {
      throw new KexecException(
          Reason.UNSUPPORTED_IMAGE,
          "an ELF vmlinux: the kernel's ELF loader is not modelled",
          "use the kernel's Image instead");
    }
  }

  /**
   * A 64-bit size or offset of an image header, as memory that is asked for.
   *
   * @throws KexecException {@link Reason#NO_ROOM} when no machine has that much
   */
  static long memory(String field, long raw) {
    if (raw < 0 || raw > PhysRange.LIMIT) {
      throw new KexecException(
          Reason.NO_ROOM,
          String.format("%s is 0x%x: more than any machine's memory", field, raw),
          "the image's header is damaged, or this is not a kernel image");
    }
    return raw;
  }
}
