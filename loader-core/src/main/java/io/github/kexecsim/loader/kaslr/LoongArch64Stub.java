package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.image.LoongArchImage;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The stub of loongarch64 kernels: puts the kernel where it was linked for ({@code
 * drivers/firmware/efi/libstub/loongarch-stub.c, handle_kernel_image}, v6.1 and v6.2), from where
 * it moves by itself; since v7.1 up to 16 MiB above that, and then it stays ({@code loongarch.c,
 * efi_get_kimg_kaslr_address}).
 */
record LoongArch64Stub(StubbedKernel kernel) {
  private static final long ALLOC_ALIGN = 64 << 10;
  private static final long MAX_OFFSET = 16L << 20;

  /** {@code PHYSADDR(VMLINUX_LOAD_ADDRESS)}. */
  private static final long LINKED = 2L << 20;

  Optional<KaslrOutlook> outlook() {
    OptionalLong size = kernel.size();
    if (size.isEmpty()) {
      return Optional.empty();
    }
    long rounded = (size.getAsLong() + ALLOC_ALIGN - 1) & -ALLOC_ALIGN;
    boolean isDrawn = kernel.version().isAtLeast(7, 1) && !kernel.isNokaslr();
    return isDrawn ? drawn(rounded) : linked(rounded);
  }

  private long link() {
    boolean isTold =
        kernel.layer().image() instanceof LoongArchImage image
            && image.textOffset() > 0
            && image.textOffset() <= PhysRange.LIMIT / 2;
    return isTold ? ((LoongArchImage) kernel.layer().image()).textOffset() : LINKED;
  }

  /** Nothing is known of it where the place is taken: most stubs fail. */
  private Optional<KaslrOutlook> linked(long size) {
    PhysRange place = PhysRange.ofSize(link(), size);
    if (!isFree(place)) {
      return Optional.empty();
    }
    KaslrOutlook own = new LoongArch64Kaslr(kernel.at(place, false)).outlook();
    PhysicalKaslr physical = own.physical();
    if (physical.cause().isRandomised()) {
      physical =
          new PhysicalKaslr(
              physical.cause(),
              "it copies itself to a random place above where its EFI stub puts it",
              physical.slots(),
              physical.chosen());
    }
    return Optional.of(
        new KaslrOutlook(
            physical,
            own.virtual(),
            own.neighbours().stream().filter(Neighbour::canBeHit).toList(),
            assumptions(own)));
  }

  private static List<String> assumptions(KaslrOutlook own) {
    List<String> all = new ArrayList<>(own.assumptions());
    all.add(StubbedKernel.FIRMWARE);
    return all;
  }

  private Optional<KaslrOutlook> drawn(long size) {
    long first = link() + ALLOC_ALIGN;
    Slots places =
        new Slots(size, ALLOC_ALIGN, List.of(new Slots.Run(first, MAX_OFFSET / ALLOC_ALIGN + 1)));
    if (!isFree(new PhysRange(first, places.highest() + size))) {
      return Optional.empty();
    }
    String why = "its EFI stub draws it, with the CPU's counter in it, and the kernel stays there";
    return Optional.of(
        new KaslrOutlook(
            new PhysicalKaslr(KaslrCause.RANDOMISED, why, places, OptionalLong.empty()),
            new VirtualKaslr(
                KaslrCause.RANDOMISED,
                "it is mapped directly: the virtual address follows the physical one",
                LoongArch64Kaslr.DIRECT_MAP,
                places.lowest(),
                places.highest(),
                ALLOC_ALIGN,
                OptionalLong.empty()),
            SystemRam.beside(places, kernel.machine()),
            List.of(
                "Linux " + kernel.version(),
                "CONFIG_RANDOMIZE_BASE up to 16 MiB",
                StubbedKernel.FIRMWARE)));
  }

  private boolean isFree(PhysRange range) {
    return kernel.free().stream().anyMatch(free -> free.contains(range));
  }
}
