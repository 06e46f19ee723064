package io.github.kexecsim.model.mmu;

/**
 * How arm64 translates with pages of one size: the layout of virtual addresses and descriptors
 * ("Arm Architecture Reference Manual for A-profile", VMSAv8-64 translation table formats).
 */
final class Arm64Granule {
  /** The last level of every walk, that of pages. */
  static final int LAST_LEVEL = 3;

  /** Bits 1 and 0 of a table descriptor, and of a page descriptor on the last level. */
  static final long TABLE = 3;

  /** {@code VA_BITS} of the running kernel: what distributions build. */
  static final int LINEAR_VA_BITS = 48;

  /** The lowest address of the linear map, and the first that TTBR1 translates. */
  static final long PAGE_OFFSET = -1L << LINEAR_VA_BITS;

  /** Inner shareable, access flag set. */
  private static final long PAGE_ATTRIBUTES = 3 << 8 | 1 << 10;

  private static final long ADDRESS_48 = 0x0000_ffff_ffff_f000L;

  private final int pageShift;

  Arm64Granule(int pageSize) {
    this.pageShift = Integer.numberOfTrailingZeros(pageSize);
  }

  long pageSize() {
    return 1L << pageShift;
  }

  /** How many descriptors a table has. */
  int entries() {
    return 1 << bitsPerLevel();
  }

  private int bitsPerLevel() {
    return pageShift - 3;
  }

  /** How many levels an address of so many bits takes. */
  int levels(int vaBits) {
    return (vaBits - pageShift + bitsPerLevel() - 1) / bitsPerLevel();
  }

  /** The lowest bit of an address that a level translates. */
  int shift(int level) {
    return pageShift + (LAST_LEVEL - level) * bitsPerLevel();
  }

  /** Where in a table of {@code level} the descriptor for an address of {@code vaBits} stands. */
  int index(long virtual, int level, int vaBits) {
    int bits = Math.min(bitsPerLevel(), vaBits - shift(level));
    return (int) (virtual >>> shift(level)) & ((1 << bits) - 1);
  }

  /** How many bits a physical address may have: 52 with 64 KiB pages, else 48. */
  int physicalBits() {
    return pageShift == 16 ? 52 : 48;
  }

  long table(long address) {
    return encode(address) | TABLE;
  }

  long page(long address) {
    return encode(address) | PAGE_ATTRIBUTES | TABLE;
  }

  /** With 64 KiB pages, bits 51 to 48 of an address stand in bits 15 to 12 of a descriptor. */
  private long encode(long address) {
    return address & ADDRESS_48 | (address >>> 48 & 0xf) << 12;
  }

  long address(long descriptor) {
    long low = descriptor & ADDRESS_48 & -pageSize();
    return pageShift == 16 ? low | (descriptor >>> 12 & 0xf) << 48 : low;
  }

  /** A table's address as TTBR takes it: bits 51 to 48 in bits 5 to 2. */
  long ttbr(long address) {
    return address & ADDRESS_48 | (address >>> 48 & 0xf) << 2;
  }

  /**
   * {@code ARM64_MEMSTART_ALIGN} of {@code arch/arm64/include/asm/kernel-pgtable.h} (v6.1): what
   * the beginning of the linear map is aligned to.
   */
  long memstartAlign() {
    return pageShift == 16 ? 16L << 30 : 1L << 30;
  }

  @Override
  public String toString() {
    return (pageSize() >> 10) + " KiB";
  }
}
