package io.github.kexecsim.model.mmu;

import java.util.Arrays;
import java.util.function.IntToLongFunction;

/**
 * One page of a page table: 64-bit descriptors, as many as fill a page. Its content is made when it
 * is asked for, so that the many tables of a large machine cost little until they are walked.
 */
public final class PageTable {
  private final long address;
  private final int entries;
  private final IntToLongFunction descriptors;

  PageTable(long address, int entries, IntToLongFunction descriptors) {
    this.address = address;
    this.entries = entries;
    this.descriptors = descriptors;
  }

  /** A table whose descriptors are set one by one. */
  static PageTable of(long address, long[] descriptors) {
    return new PageTable(address, descriptors.length, index -> descriptors[index]);
  }

  /** The physical address of the page that holds it. */
  public long address() {
    return address;
  }

  /** Its descriptors; 0 where nothing is mapped. */
  public long[] descriptors() {
    long[] words = new long[entries];
    Arrays.setAll(words, descriptors);
    return words;
  }
}
