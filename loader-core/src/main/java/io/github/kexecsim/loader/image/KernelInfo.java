package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.report.Field;
import java.util.List;
import java.util.Optional;

/**
 * The structure {@code kernel_info} of protocol 2.15 and newer ({@code
 * arch/x86/boot/compressed/kernel_info.S}, v6.1), which the setup header has no room for.
 *
 * @param offset where it begins in the file
 * @param size bytes of its fixed part
 * @param sizeTotal bytes with the data of variable length behind it
 * @param setupTypeMax the highest type of setup_data that the kernel knows, bit 31 set where it
 *     knows indirect ones
 */
public record KernelInfo(long offset, long size, long sizeTotal, long setupTypeMax) {
  private static final String MAGIC = "LToP";
  private static final int KNOWN_SIZE = 16;
  private static final long INDIRECT = 1L << 31;

  /**
   * Reads it; empty where the image has none, or it is not inside the file.
   *
   * @param file the whole file
   */
  public static Optional<KernelInfo> of(BzImage image, ByteView file) {
    long fromSetup = image.value(SetupField.KERNEL_INFO_OFFSET).orElse(0);
    long offset = image.setupSize() + fromSetup;
    if (fromSetup == 0 || !file.matches(offset, MAGIC)) {
      return Optional.empty();
    }
    try {
      ByteView info = file.slice(offset, KNOWN_SIZE);
      return Optional.of(new KernelInfo(offset, info.u32le(4), info.u32le(8), info.u32le(12)));
    } catch (KexecException e) {
      return Optional.empty();
    }
  }

  /** Whether setup_data may lead to data elsewhere ({@code SETUP_INDIRECT}). */
  public boolean takesIndirect() {
    return (setupTypeMax & INDIRECT) != 0;
  }

  List<Field> fields() {
    return List.of(
        Field.hex("kernel_info.size", size, "bytes of its fixed part"),
        Field.hex("kernel_info.size_total", sizeTotal, "bytes with what is behind that"),
        Field.hex(
            "kernel_info.setup_type_max",
            setupTypeMax,
            "setup_data up to type "
                + (setupTypeMax & INDIRECT - 1)
                + (takesIndirect() ? ", also indirect" : "")));
  }
}
