package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.ArrayList;
import java.util.List;

/** What a bzImage's setup header says that cannot be, or that is odd. */
final class SetupFindings {
  private static final int LOADED_HIGH = 1;
  private static final int KERNEL_64 = 1;
  private static final int ABOVE_4G = 1 << 1;
  private static final int HANDOVER_64 = 1 << 3;
  private static final int EFI_KEXEC = 1 << 4;
  private static final int FIVE_LEVEL = 1 << 5;
  private static final int FIVE_LEVEL_ENABLED = 1 << 6;

  private final BzImage image;
  private final List<Finding> findings = new ArrayList<>();

  SetupFindings(BzImage image) {
    this.image = image;
  }

  List<Finding> all() {
    extents();
    if (image.headerEnd() < image.head().size()) {
      add(
          Flaw.HEADER_ENDS_EARLY,
          "the header says that it ends at 0x%x, before the fields of its version",
          image.headerEnd());
    }
    if ((image.loadflags() & LOADED_HIGH) == 0) {
      add(Flaw.NOT_LOADED_HIGH, "LOADED_HIGH is not set: a zImage, not a bzImage");
    }
    if (image.architecture().isEmpty()) {
      add(Flaw.NO_64_BIT_ENTRY, "XLF_KERNEL_64 is not set: no 64-bit entry point");
    }
    addresses();
    flags();
    return findings;
  }

  private void extents() {
    if (image.setupSize() > image.fileSize()) {
      add(
          Flaw.BEYOND_FILE,
          "setup takes 0x%x bytes, but the file has 0x%x",
          image.setupSize(),
          image.fileSize());
    } else if (image.payloadEnd() > image.fileSize()) {
      add(
          Flaw.BEYOND_FILE,
          "the payload ends at 0x%x, but the file has 0x%x bytes",
          image.payloadEnd(),
          image.fileSize());
    } else {
      long code = SetupField.SYSSIZE.in(image.head()) << 4;
      if (code != 0 && image.payloadOffset() + image.payloadLength() > code) {
        add(
            Flaw.PAYLOAD_NOT_INSIDE,
            "the payload ends 0x%x bytes behind setup, but syssize counts 0x%x bytes of kernel",
            image.payloadOffset() + image.payloadLength(),
            code);
      }
    }
  }

  private void addresses() {
    long alignment = image.kernelAlignment();
    if (image.value(SetupField.KERNEL_ALIGNMENT).isPresent() && Long.bitCount(alignment) != 1) {
      add(
          Flaw.ALIGNMENT_NOT_A_POWER_OF_TWO,
          "kernel_alignment at offset 0x230 is 0x%x: not a power of two",
          alignment);
    } else if (image.value(SetupField.PREF_ADDRESS).isPresent()
        && (image.prefAddress() & alignment - 1) != 0) {
      add(
          Flaw.PREF_ADDRESS_MISALIGNED,
          "pref_address 0x%x at offset 0x258 is no multiple of kernel_alignment 0x%x",
          image.prefAddress(),
          alignment);
    }
  }

  private void flags() {
    int flags = image.xloadflags();
    int only64 = ABOVE_4G | HANDOVER_64 | EFI_KEXEC | FIVE_LEVEL | FIVE_LEVEL_ENABLED;
    if ((flags & KERNEL_64) == 0 && (flags & only64) != 0) {
      add(
          Flaw.CONTRADICTING_FLAGS,
          "xloadflags 0x%x at offset 0x236 has flags of 64-bit kernels without XLF_KERNEL_64",
          flags);
    }
    if ((flags & FIVE_LEVEL_ENABLED) != 0 && (flags & FIVE_LEVEL) == 0) {
      add(
          Flaw.CONTRADICTING_FLAGS,
          "xloadflags 0x%x at offset 0x236 has XLF_5LEVEL_ENABLED without XLF_5LEVEL",
          flags);
    }
    if ((flags & ABOVE_4G) != 0 && !image.relocatableKernel()) {
      add(
          Flaw.CONTRADICTING_FLAGS,
          "xloadflags 0x%x at offset 0x236 lets it be loaded above 4 GiB, but the kernel is not"
              + " relocatable",
          flags);
    }
  }

  private void add(Flaw flaw, String message, Object... values) {
    findings.add(Finding.of(flaw, String.format(message, values)));
  }
}
