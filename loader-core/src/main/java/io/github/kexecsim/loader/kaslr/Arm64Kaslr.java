package io.github.kexecsim.loader.kaslr;

import java.util.List;
import java.util.OptionalLong;

/**
 * arm64: the Image stays where kexec put it, as only its EFI stub moves it and is passed by. It
 * maps itself at an offset made from kaslr-seed ({@code arch/arm64/kernel/pi/kaslr_early.c} and
 * {@code head.S} (v6.1); {@code pi/map_kernel.c} (v6.9 on)).
 */
record Arm64Kaslr(NextKernel kernel) {
  private static final int FLAGS = 24;
  private static final long MIN_KIMG_ALIGN = 2L << 20;
  private static final long GIB = 1L << 30;

  /** {@code VA_BITS_MIN} of nearly all builds; one for 52 bits has it too. */
  private static final int VA_BITS = 48;

  /** {@code STRUCT_PAGE_MAX_SHIFT}: a struct page takes 64 bytes. */
  private static final int STRUCT_PAGE_SHIFT = 6;

  /** {@code _PAGE_END}: the linear map takes the lower half, modules and the kernel follow. */
  private static final long PAGE_END = -(1L << (VA_BITS - 1));

  KaslrOutlook outlook() {
    return new KaslrOutlook(
        PhysicalKaslr.withoutStub(kernel.image()),
        virtual(),
        kernel.outOfReach(),
        List.of(
            kernel.assumedVersion(),
            "CONFIG_RANDOMIZE_BASE and " + VA_BITS + "-bit kernel addresses"));
  }

  VirtualKaslr virtual() {
    KaslrCommandLine parser =
        isDynamic() ? KaslrCommandLine.WORD : KaslrCommandLine.FIRST_OCCURRENCE;
    if (parser.disables(kernel.placed().commandLine())) {
      return fixed(KaslrCause.NOKASLR, "nokaslr is on the command line");
    }
    long seed = kernel.tree().kaslrSeed();
    if (seed == 0) {
      return fixed(
          KaslrCause.NO_SEED,
          "the device tree has no kaslr-seed; a CPU with FEAT_RNG would make up for it");
    }
    return new VirtualKaslr(
        KaslrCause.RANDOMISED,
        "from the device tree's kaslr-seed",
        kimageVaddr(),
        aligned(lowest()),
        aligned(lowest() + span() - 1),
        MIN_KIMG_ALIGN,
        OptionalLong.of(aligned(offset(seed))));
  }

  /** Mapped where it was linked for, but for what its place in memory adds. */
  VirtualKaslr fixed(KaslrCause cause, String why) {
    return VirtualKaslr.fixed(cause, why, kimageVaddr(), misalignment());
  }

  /** Whether the range is computed from what is free: "Adjust randomization range dynamically". */
  private boolean isDynamic() {
    return kernel.version().isAtLeast(6, 9);
  }

  private long offset(long seed) {
    return isDynamic() ? lowest() + share(span(), seed) : lowest() + (seed & (span() - 1));
  }

  private long lowest() {
    return span() / 2;
  }

  /** The middle half of the space above the kernel, or a power of two about as large. */
  private long span() {
    if (!isDynamic()) {
      return 1L << (VA_BITS - 2);
    }
    long vmemmapSize = (1L << (VA_BITS - 1)) >> pageShift() << STRUCT_PAGE_SHIFT;
    long vmallocEnd = -GIB - vmemmapSize - (8L << 20);
    return (vmallocEnd - kimageVaddr()) / 2;
  }

  /** {@code KIMAGE_VADDR}: behind the room for modules, and once that for BPF programs. */
  private long kimageVaddr() {
    if (kernel.version().isAtLeast(6, 5)) {
      return PAGE_END + 2 * GIB;
    }
    return PAGE_END + (kernel.version().isAtLeast(5, 16) ? 128L << 20 : 256L << 20);
  }

  /** The upper 64 bits of the product of a positive and an unsigned number. */
  private static long share(long range, long seed) {
    return Math.multiplyHigh(range, seed) + (seed >> 63 & range);
  }

  /** Below 2 MiB the offset follows the place in memory, so that large pages can map it. */
  private long aligned(long offset) {
    return offset & -MIN_KIMG_ALIGN | misalignment();
  }

  private long misalignment() {
    return kernel.image().start() & (MIN_KIMG_ALIGN - 1);
  }

  /** Bits 1 and 2 of the header's flags; 0 means that it does not tell. */
  private int pageShift() {
    int code = (int) (kernel.header(FLAGS).orElse(0) >> 1) & 3;
    return code == 0 ? Integer.numberOfTrailingZeros(kernel.machine().pageSize()) : 10 + 2 * code;
  }
}
