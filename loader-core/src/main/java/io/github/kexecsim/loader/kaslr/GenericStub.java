package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.image.Arm64Image;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The stubs of arm64 and riscv64 kernels, which share their code ({@code
 * drivers/firmware/efi/libstub/kaslr.c, efi_kaslr_relocate_kernel}, v6.6 on; before that {@code
 * arm64-stub.c, handle_kernel_image} with the same effect), and the zboot stub since v6.2 ({@code
 * zboot.c, efi_zboot_entry}).
 */
record GenericStub(StubbedKernel kernel) {
  private static final long PAGE = 4096;
  private static final long MIN_KIMG_ALIGN = 2L << 20;
  private static final long ALL_ONES = 0xffff_ffffL;
  private static final int LARGE_PAGE = 64 << 10;

  /** {@code EFI_ALLOC_LIMIT} of arm64; riscv64 has none. */
  private static final long ARM64_LIMIT = (1L << 48) - 1;

  Optional<KaslrOutlook> outlook() {
    OptionalLong size = kernel.size();
    if (size.isEmpty()) {
      return Optional.empty();
    }
    long rounded = alignUp(size.getAsLong(), allocAlign());
    long align = align();
    long limit = isArm64() ? ARM64_LIMIT : PhysRange.LIMIT - 1;
    Slots places = kernel.places(new EfiRandomAlloc(rounded, align, align, limit));
    return physical(places)
        .map(
            physical -> {
              PhysRange place = PhysRange.ofSize(physical.chosen().orElseThrow(), rounded);
              boolean isSeeded = hasKaslr() && !kernel.isNokaslr();
              return kernel.at(place, isSeeded).placedByStub(physical, List.of(), assumptions());
            });
  }

  private Optional<PhysicalKaslr> physical(Slots places) {
    boolean isAnywhere = places.count() > 0;
    if (!isArm64() && kernel.isPacked() && places.contains(MIN_KIMG_ALIGN)) {
      return stays(
          KaslrCause.PREFERRED_PLACE,
          "2 MiB is free, where riscv64 zboot stubs go first",
          OptionalLong.of(MIN_KIMG_ALIGN),
          places);
    }
    if (!hasKaslr()) {
      return stays(
          KaslrCause.NOT_BUILT_IN,
          "riscv64 stubs took the lowest free place before 6.6",
          isAnywhere ? OptionalLong.of(places.lowest()) : OptionalLong.empty(),
          places);
    }
    if (kernel.isNokaslr()) {
      return stays(
          KaslrCause.NOKASLR,
          "nokaslr is on the command line",
          kernel.isPacked() ? chosen(places, ALL_ONES) : unmoved(places),
          places);
    }
    long word = kernel.word();
    if (isAnywhere && (word != 0 || kernel.isPacked())) {
      return Optional.of(
          new PhysicalKaslr(
              KaslrCause.RANDOMISED,
              "its EFI stub takes one of all that are free",
              places,
              chosen(places, word)));
    }
    return stays(
        isAnywhere ? KaslrCause.NO_SEED : KaslrCause.NO_PLACE,
        isAnywhere ? "the random number is 0, which counts as none" : "no other place is free",
        kernel.isPacked() ? OptionalLong.empty() : unmoved(places),
        places);
  }

  private static OptionalLong chosen(Slots places, long word) {
    return places.count() == 0
        ? OptionalLong.empty()
        : OptionalLong.of(places.at(EfiRandomAlloc.choose(places.count(), word)));
  }

  private static Optional<PhysicalKaslr> stays(
      KaslrCause cause, String why, OptionalLong start, Slots places) {
    return start.isEmpty()
        ? Optional.empty()
        : Optional.of(
            PhysicalKaslr.staying(
                cause, why, Slots.fixed(PhysRange.ofSize(start.getAsLong(), places.imageSize()))));
  }

  /**
   * Where firmware mapped it if that will do, or else the highest pages with room to align it
   * ({@code alignedmem.c, efi_allocate_pages_aligned}).
   */
  private OptionalLong unmoved(Slots places) {
    long align = places.align();
    if (kernel.mapped().start() % align == 0) {
      return OptionalLong.of(kernel.mapped().start());
    }
    long wanted = places.imageSize() + align - PAGE;
    for (int i = kernel.free().size() - 1; i >= 0; i--) {
      PhysRange range = kernel.free().get(i);
      if (range.size() >= wanted) {
        return OptionalLong.of(alignUp(range.end() - wanted, align));
      }
    }
    return OptionalLong.empty();
  }

  private List<String> assumptions() {
    String built =
        isArm64()
            ? "CONFIG_RANDOMIZE_BASE and 48-bit kernel addresses"
                + (kernel.isPacked() ? ", pages of 4 or 16 KiB" : "")
            : "CONFIG_RANDOMIZE_BASE";
    return hasKaslr()
        ? List.of(built, StubbedKernel.FIRMWARE, StubbedKernel.SEED)
        : List.of(StubbedKernel.FIRMWARE);
  }

  private boolean isArm64() {
    return kernel.machine().architecture() == Architecture.ARM64;
  }

  private boolean hasKaslr() {
    return isArm64() || kernel.version().isAtLeast(6, 6);
  }

  /** {@code EFI_ALLOC_ALIGN}. */
  private long allocAlign() {
    return isArm64() ? LARGE_PAGE : PAGE;
  }

  /** {@code efi_get_kimg_min_align}: of arm64 the segments', or a stack's with pages of 64 KiB. */
  private long align() {
    if (!isArm64() || kernel.isNokaslr()) {
      return MIN_KIMG_ALIGN;
    }
    boolean hasLargePages =
        kernel.layer().image() instanceof Arm64Image image
            && image.pageSize().orElse(0) == LARGE_PAGE;
    return hasLargePages ? 2L * LARGE_PAGE : LARGE_PAGE;
  }

  private static long alignUp(long value, long align) {
    return (value + align - 1) & -align;
  }
}
