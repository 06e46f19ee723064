package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.image.Payload;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.x86.KaslrSlots;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The stub of x86_64 kernels since v6.6, which unpacks the kernel itself ({@code
 * drivers/firmware/efi/libstub/x86-stub.c, efi_decompress_kernel}). Before that it left the place
 * to the decompressor. What it draws is mixed with the CPU's own random numbers, so no seed tells
 * it.
 */
record X86Stub(StubbedKernel kernel) {
  private static final long MIN_ALIGN = 2L << 20;

  /** Each turns physical randomisation off, as the map that the stub knows is not what counts. */
  private static final List<String> MEMORY_OPTIONS =
      List.of("mem=", "memmap=", "efi_fake_mem=", "hugepages=");

  Optional<KaslrOutlook> outlook() {
    boolean isKnown = kernel.version().isAtLeast(6, 6);
    return isKnown && kernel.layer().image() instanceof BzImage image
        ? outlook(image)
        : Optional.empty();
  }

  private Optional<KaslrOutlook> outlook(BzImage image) {
    long align = image.kernelAlignment();
    long size = size(image);
    boolean isPlausible =
        Long.bitCount(align) == 1 && align >= MIN_ALIGN && align <= 1 << 30 && size > 0;
    if (!isPlausible) {
      return Optional.empty();
    }
    Slots places =
        kernel.places(
            new EfiRandomAlloc(size, align, KaslrSlots.LOAD_PHYSICAL_ADDR, PhysRange.LIMIT - 1));
    if (places.count() == 0) {
      return Optional.empty();
    }
    return Optional.of(
        new KaslrOutlook(
            physical(places),
            virtual(size, align),
            SystemRam.beside(places, kernel.machine()),
            List.of(
                "Linux " + kernel.version(),
                "CONFIG_RANDOMIZE_BASE, and firmware other than AMI's of EFI 2.0",
                "a kernel that takes no more memory than what is unpacked",
                StubbedKernel.FIRMWARE)));
  }

  /** What is unpacked; init_size, which is no less, where the payload does not tell. */
  private long size(BzImage image) {
    OptionalLong unpacked =
        image
            .payload(kernel.layer().bytes())
            .map(Payload::declaredSize)
            .orElse(OptionalLong.empty());
    long size = unpacked.orElse(image.initSize());
    return (size + MIN_ALIGN - 1) & -MIN_ALIGN;
  }

  private PhysicalKaslr physical(Slots places) {
    Optional<String> option =
        MEMORY_OPTIONS.stream()
            .filter(word -> KaslrCommandLine.startsWord(kernel.commandLine(), word))
            .findFirst();
    Slots lowest = Slots.fixed(PhysRange.ofSize(places.at(0), places.imageSize()));
    if (kernel.isNokaslr()) {
      return PhysicalKaslr.staying(
          KaslrCause.NOKASLR, "nokaslr is on the command line: the lowest free place", lowest);
    }
    if (option.isPresent()) {
      return PhysicalKaslr.staying(
          KaslrCause.NO_SEED, option.get() + " is on the command line", lowest);
    }
    return new PhysicalKaslr(
        KaslrCause.RANDOMISED,
        "its EFI stub takes one of all that are free, by random numbers of the CPU's too",
        places,
        OptionalLong.empty());
  }

  private VirtualKaslr virtual(long size, long align) {
    long lowest = KaslrSlots.LOAD_PHYSICAL_ADDR;
    long count = KaslrSlots.virtualSlots(size, align);
    if (kernel.isNokaslr() || count == 0) {
      return VirtualKaslr.fixed(
          kernel.isNokaslr() ? KaslrCause.NOKASLR : KaslrCause.NO_PLACE,
          kernel.isNokaslr()
              ? "nokaslr is on the command line"
              : "it fills the kernel's window of 1 GiB",
          KaslrSlots.START_KERNEL_MAP,
          lowest);
    }
    return new VirtualKaslr(
        KaslrCause.RANDOMISED,
        "its EFI stub draws it",
        KaslrSlots.START_KERNEL_MAP,
        lowest,
        lowest + (count - 1) * align,
        align,
        OptionalLong.empty());
  }
}
