package io.github.kexecsim.loader.memory;

/**
 * An entry of an EFI memory map ({@code include/linux/efi.h, efi_memory_desc_t}).
 *
 * @param range its addresses
 * @param type the UEFI specification's number, 0 to 2^32 - 1; others than the constants here occur
 * @param attribute the raw attribute bits
 */
public record EfiMemoryDesc(PhysRange range, long type, long attribute) {
  public static final long LOADER_CODE = 1;
  public static final long LOADER_DATA = 2;
  public static final long BOOT_SERVICES_CODE = 3;
  public static final long BOOT_SERVICES_DATA = 4;
  public static final long CONVENTIONAL = 7;
  public static final long UNACCEPTED = 15;

  /** Attribute: can be mapped cacheable with write-back. */
  public static final long WB = 0x8;

  /** Attribute: set aside for a special purpose, which Linux keeps out of System RAM. */
  public static final long SP = 0x4_0000;

  /** Attribute: runtime services need it mapped. */
  public static final long RUNTIME = 1L << 63;

  /**
   * Checks the type.
   *
   * @throws IllegalArgumentException if the type is no unsigned 32-bit number
   */
  public EfiMemoryDesc {
    if (type < 0 || type > 0xffff_ffffL) {
      throw new IllegalArgumentException("EFI memory type " + type);
    }
  }

  /**
   * Whether Linux has it as free memory after boot: conventional, the loader's, the boot services'
   * or (accepted on use) unaccepted memory, with write-back and without a special purpose ({@code
   * drivers/firmware/efi/efi-init.c, is_usable_memory}, less what it reserves again or what
   * persists).
   */
  public boolean isRam() {
    boolean usable =
        type >= LOADER_CODE && type <= BOOT_SERVICES_DATA
            || type == CONVENTIONAL
            || type == UNACCEPTED;
    return usable && (attribute & WB) != 0 && (attribute & SP) == 0;
  }
}
