package io.github.kexecsim.model.mmu;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Builds the tables of an x86_64 relocation ("Intel 64 and IA-32 Architectures Software Developer's
 * Manual", volume 3, 4-level and 5-level paging). Level 1 is that of 4 KiB pages.
 */
public final class X86Tables {
  static final int PAGE_SHIFT = 12;
  static final int BITS_PER_LEVEL = 9;
  static final long PRESENT = 1;
  static final long LARGE = 1 << 7;
  static final long ADDRESS = 0x000f_ffff_ffff_f000L;

  /** Present, writable, accessed, dirty. */
  private static final long TABLE_FLAGS = 0x63;

  private static final long PAGE_FLAGS = 0x163;
  private static final long LARGE_FLAGS = PAGE_FLAGS | LARGE;

  private static final int LEVEL_2M = 2;
  private static final int LEVEL_1G = 3;
  private static final int ENTRIES = 1 << BITS_PER_LEVEL;

  private final int levels;
  private final boolean gigabytePages;
  private final LongSupplier pages;
  private final Map<Long, long[]> content = new HashMap<>();
  private final List<PageTable> tables = new ArrayList<>();
  private final long root;

  /**
   * Starts with an empty top level.
   *
   * @param fiveLevels whether the running kernel uses 5-level tables
   * @param gigabytePages whether its CPU has 1 GiB pages ({@code pdpe1gb})
   * @param root the physical address of the top level's page
   * @param pages where pages for the other tables come from
   */
  public X86Tables(boolean fiveLevels, boolean gigabytePages, long root, LongSupplier pages) {
    this.levels = fiveLevels ? 5 : 4;
    this.gigabytePages = gigabytePages;
    this.pages = pages;
    this.root = root;
    newTable(root, tables);
  }

  static int shift(int level) {
    return PAGE_SHIFT + (level - 1) * BITS_PER_LEVEL;
  }

  static int index(long virtual, int level) {
    return (int) (virtual >>> shift(level)) & (ENTRIES - 1);
  }

  private long[] newTable(long address, List<PageTable> list) {
    long[] table = new long[ENTRIES];
    content.put(address, table);
    list.add(PageTable.of(address, table));
    return table;
  }

  /**
   * Maps a range at its own addresses: by 1 GiB pages where it covers them whole and nothing of
   * them is mapped yet, else by 2 MiB pages, which may reach beyond the range ({@code
   * arch/x86/mm/ident_map.c, kernel_ident_mapping_init}, v6.11).
   */
  public void map(PhysRange range) {
    long next;
    for (long address = range.start(); address < range.end(); address = next) {
      long span = 1L << shift(LEVEL_1G);
      next = Math.min((address & -span) + span, range.end());
      long[] table = tableFor(address, LEVEL_1G, pages, tables);
      int index = index(address, LEVEL_1G);
      if ((table[index] & LARGE) != 0) {
        continue;
      }
      boolean whole = next - address == span;
      if (gigabytePages && whole && table[index] == 0) {
        table[index] = address | LARGE_FLAGS;
      } else {
        mapLargePages(address, next);
      }
    }
  }

  private void mapLargePages(long start, long end) {
    long span = 1L << shift(LEVEL_2M);
    long[] table = tableFor(start, LEVEL_2M, pages, tables);
    for (long address = start & -span; address < end; address += span) {
      int index = index(address, LEVEL_2M);
      if (table[index] == 0) {
        table[index] = address | LARGE_FLAGS;
      }
    }
  }

  /** The table of a level for an address, made where it is missing. */
  private long[] tableFor(long virtual, int wanted, LongSupplier source, List<PageTable> list) {
    long[] table = content.get(root);
    for (int level = levels; level > wanted; level--) {
      int index = index(virtual, level);
      if (table[index] == 0) {
        long address = source.getAsLong();
        table[index] = address | TABLE_FLAGS;
        table = newTable(address, list);
      } else {
        table = content.get(table[index] & ADDRESS);
      }
    }
    return table;
  }

  /**
   * Ends with the page of the relocation code at the address where it is called ({@code
   * init_transition_pgtable}, v6.1).
   *
   * @param codeVirtual that address
   * @param codePage the physical address of the page
   * @param ordinaryPages where pages for these tables come from: any free pages
   */
  public X86IdentityMap finish(long codeVirtual, long codePage, LongSupplier ordinaryPages) {
    List<PageTable> transition = new ArrayList<>();
    long[] table = tableFor(codeVirtual, 1, ordinaryPages, transition);
    table[index(codeVirtual, 1)] = codePage | PAGE_FLAGS;
    return new X86IdentityMap(tables, transition, root, levels, codeVirtual);
  }
}
