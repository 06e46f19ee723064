package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/** The refusals of this package. */
final class FdtErrors {
  private FdtErrors() {}

  /** A tree that is malformed at a byte offset of its blob. */
  static KexecException malformed(long offset, String found) {
    return new KexecException(
        Reason.BAD_DEVICE_TREE,
        String.format("device tree at offset 0x%x: %s", offset, found),
        "see what dtc -I dtb -O dts says of it");
  }

  /** A well-formed tree that lacks, or states wrongly, what is needed of it. */
  static KexecException unfit(String found) {
    return new KexecException(
        Reason.BAD_DEVICE_TREE, "device tree: " + found, "correct the source of the device tree");
  }
}
