package io.github.kexecsim.loader.kaslr;

import java.util.List;
import java.util.OptionalLong;

/**
 * riscv64: the Image stays where kexec put it, as only its EFI stub moves it and is passed by.
 * Since v6.6 it maps itself at a random offset within one PUD, from the CPU's own random numbers
 * (v6.12 on) or from kaslr-seed ({@code arch/riscv/mm/init.c, setup_vm}).
 */
record Riscv64Kaslr(NextKernel kernel) {
  private static final int IMAGE_SIZE = 16;

  /** {@code KERNEL_LINK_ADDR}: the last 2 GiB. */
  private static final long LINK_ADDRESS = -(2L << 30);

  private static final long PUD_SIZE = 1L << 30;
  private static final long PMD_SIZE = 2L << 20;

  KaslrOutlook outlook() {
    return new KaslrOutlook(
        PhysicalKaslr.withoutStub(kernel.image()),
        virtual(),
        kernel.outOfReach(),
        List.of(kernel.assumedVersion(), "CONFIG_RANDOMIZE_BASE"));
  }

  VirtualKaslr virtual() {
    if (!kernel.version().isAtLeast(6, 6)) {
      return fixed(KaslrCause.NOT_BUILT_IN, "riscv64 kernels have had KASLR since 6.6");
    }
    if (KaslrCommandLine.ANYWHERE.disables(kernel.placed().commandLine())) {
      return fixed(KaslrCause.NOKASLR, "nokaslr is on the command line");
    }
    long size = kernel.header(IMAGE_SIZE).orElse(kernel.image().size());
    long positions = (PUD_SIZE - size) / PMD_SIZE;
    if (positions < 1) {
      return fixed(KaslrCause.NO_PLACE, "the image takes all of the 1 GiB within which it moves");
    }
    HandedTree tree = kernel.tree();
    if (kernel.version().isAtLeast(6, 12) && tree.hasZkr()) {
      return randomised(
          "the CPU draws the offset itself (Zkr), so it is not known before",
          positions,
          OptionalLong.empty());
    }
    long seed = tree.kaslrSeed();
    if (seed == 0) {
      return fixed(KaslrCause.NO_SEED, "the device tree has no kaslr-seed");
    }
    long chosen = Long.remainderUnsigned(seed, positions) * PMD_SIZE;
    return randomised("from the device tree's kaslr-seed", positions, OptionalLong.of(chosen));
  }

  private static VirtualKaslr randomised(String why, long positions, OptionalLong chosen) {
    long highest = (positions - 1) * PMD_SIZE;
    return new VirtualKaslr(KaslrCause.RANDOMISED, why, LINK_ADDRESS, 0, highest, PMD_SIZE, chosen);
  }

  /** Mapped where it was linked for. */
  static VirtualKaslr fixed(KaslrCause cause, String why) {
    return VirtualKaslr.fixed(cause, why, LINK_ADDRESS, 0);
  }
}
