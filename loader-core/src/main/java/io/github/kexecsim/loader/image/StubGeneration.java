package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.pe.PeHeader;
import java.util.Locale;

/** How a zboot image's EFI stub goes about it: {@code drivers/firmware/efi/libstub/zboot.c}. */
public enum StubGeneration {
  /**
   * v6.1: hands the decompressed kernel to LoadImage as a file, and StartImage runs the kernel's
   * own EFI stub, which moves it to its place.
   */
  LOAD_IMAGE("v6.1: LoadImage and StartImage"),
  /** v6.2 to v6.14: decompresses to the final place, with workspace in the image's .bss. */
  STATIC_HEAP("v6.2 to v6.14: decompresses in place, heap in .bss"),
  /** v6.15 and later: decompresses to the final place, with workspace from AllocatePages. */
  WORKSPACE("v6.15 and later: decompresses in place, workspace allocated");

  /** {@code zboot_heap}: 256 KiB of .bss, behind .data. */
  private static final long HEAP_SIZE = 256 << 10;

  private final String text;

  StubGeneration(String text) {
    this.text = text;
  }

  /** What it does, in a few words. */
  public String text() {
    return text;
  }

  /** The version nearest to {@code likely} of which a kernel with such a stub can be. */
  public KernelVersion nearest(KernelVersion likely) {
    return switch (this) {
      case LOAD_IMAGE -> new KernelVersion(6, 1);
      case STATIC_HEAP ->
          atMost(atLeast(likely, new KernelVersion(6, 2)), new KernelVersion(6, 14));
      case WORKSPACE -> atLeast(likely, new KernelVersion(6, 15));
    };
  }

  private static KernelVersion atLeast(KernelVersion version, KernelVersion lowest) {
    return version.compareTo(lowest) < 0 ? lowest : version;
  }

  private static KernelVersion atMost(KernelVersion version, KernelVersion highest) {
    return version.compareTo(highest) > 0 ? highest : version;
  }

  /** The name as JSON shows it: lower case, with hyphens. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Tells by the stub's version in the PE header, a bit mask of features since v6.2 and 1.0 before
   * ({@code include/linux/pe.h}), and by the size of .data.
   *
   * @throws KexecException {@link Reason#UNSUPPORTED_STRATEGY} for an image without a stub
   */
  public static StubGeneration of(ZbootImage image) {
    PeHeader pe = image.pe();
    if (pe.majorImageVersion() == 0) {
      throw new KexecException(
          Reason.UNSUPPORTED_STRATEGY,
          "the zboot image has no EFI stub: MajorImageVersion in its PE header is 0",
          "use the strategy \"kernel\" or \"user\"");
    }
    if (pe.majorImageVersion() < 3) {
      return LOAD_IMAGE;
    }
    boolean hasHeap =
        pe.sections().stream()
            .anyMatch(s -> s.name().equals(".data") && s.virtualSize() >= HEAP_SIZE);
    return hasHeap ? STATIC_HEAP : WORKSPACE;
  }
}
