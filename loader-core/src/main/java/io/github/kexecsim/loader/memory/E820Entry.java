package io.github.kexecsim.loader.memory;

/**
 * An entry of an x86 memory map ({@code arch/x86/include/asm/e820/types.h}).
 *
 * @param range its addresses
 * @param type the kernel's number, 0 to 2^32 - 1; others than the constants here occur
 */
public record E820Entry(PhysRange range, long type) {
  public static final long RAM = 1;
  public static final long RESERVED = 2;
  public static final long ACPI = 3;
  public static final long NVS = 4;
  public static final long UNUSABLE = 5;
  public static final long PMEM = 7;
  public static final long PRAM = 12;
  public static final long SOFT_RESERVED = 0xefff_ffffL;

  /**
   * Checks the type.
   *
   * @throws IllegalArgumentException if the type is no unsigned 32-bit number
   */
  public E820Entry {
    if (type < 0 || type > 0xffff_ffffL) {
      throw new IllegalArgumentException("e820 type " + type);
    }
  }
}
