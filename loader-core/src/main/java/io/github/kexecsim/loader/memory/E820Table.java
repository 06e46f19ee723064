package io.github.kexecsim.loader.memory;

import java.util.List;

/**
 * An e820 table as the kernel printed it once ({@code arch/x86/kernel/e820.c, e820__print_table}).
 *
 * @param who what stands before each line: {@code BIOS-e820} for the firmware's table, {@code
 *     user}, {@code modified} or {@code extended} for later states of it
 * @param entries ascending, no two overlap
 */
public record E820Table(String who, List<E820Entry> entries) {
  /**
   * Checks the order.
   *
   * @throws IllegalArgumentException if the entries do not ascend or two overlap
   */
  public E820Table {
    entries = List.copyOf(entries);
    if (!PhysRangeSet.isAscending(entries.stream().map(E820Entry::range).toList())) {
      throw new IllegalArgumentException("e820 entries must ascend and not overlap");
    }
  }

  /** The entries of type {@link E820Entry#RAM}, one range each even where they touch. */
  public List<PhysRange> ram() {
    return entries.stream()
        .filter(entry -> entry.type() == E820Entry.RAM)
        .map(E820Entry::range)
        .toList();
  }
}
