package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.Architecture;
import io.github.kexecsim.loader.Errno;
import io.github.kexecsim.loader.KexecException;
import io.github.kexecsim.loader.Reason;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.memory.PhysRange;

/** How one architecture's kexec_file_load answers: its probe, its segments, its refusals. */
public sealed interface Placement
    permits Arm64Placement, Riscv64Placement, LoongArch64Placement, X86Placement {
  /**
   * Places everything that a load consists of, without checking the list as a whole: {@link
   * SegmentRules} does.
   *
   * @throws KexecException with the architecture's own errno where the kernel refuses
   */
  PlacedLoad place(PlacementRequest request);

  /** Whether the loader takes such an image as it is, so that what is inside it stays there. */
  default boolean loads(KernelImage image) {
    return false;
  }

  /** The placement of an architecture. */
  static Placement of(Architecture architecture) {
    return switch (architecture) {
      case ARM64 -> new Arm64Placement();
      case RISCV64 -> new Riscv64Placement();
      case LOONGARCH64 -> new LoongArch64Placement();
      case X86_64 -> new X86Placement();
    };
  }

  /** A file that none of the kernel's loaders claims. */
  static KexecException notClaimed(Errno answer, String found) {
    return new KexecException(
        Reason.UNKNOWN_FORMAT,
        answer,
        found,
        "what kexec_file_load takes is the innermost kernel image: \"inspect\" shows the layers of a"
            + " file and \"extract\" writes the innermost",
        null);
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
