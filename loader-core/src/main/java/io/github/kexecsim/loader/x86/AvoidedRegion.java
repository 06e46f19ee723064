package io.github.kexecsim.loader.x86;

import io.github.kexecsim.loader.memory.PhysRange;

/**
 * Memory that the kernel must not be placed on: {@code struct mem_vector} of {@code
 * arch/x86/boot/compressed/kaslr.c}. A command line may name any numbers, so the arithmetic is the
 * kernel's: unsigned, modulo 2^64.
 *
 * @param start its first address; 64 raw bits
 * @param size its size in bytes; 64 raw bits
 */
public record AvoidedRegion(long start, long size) {
  /** A range of addresses. */
  public static AvoidedRegion of(PhysRange range) {
    return new AvoidedRegion(range.start(), range.size());
  }

  /** Where it ends, modulo 2^64. */
  long end() {
    return start + size;
  }

  /** {@code mem_overlaps}: an empty region inside the other one overlaps it too. */
  boolean overlaps(long otherStart, long otherEnd) {
    return Long.compareUnsigned(otherEnd, start) > 0 && Long.compareUnsigned(otherStart, end()) < 0;
  }
}
