package io.github.kexecsim.model.mmu;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Builds the tables of an arm64 relocation, page by page as the kernel allocates them.
 *
 * <p>The linear map is copied as it is. It is taken to map every page by a descriptor of its own,
 * as kernels do since v5.0 unless booted with {@code rodata=on} or running on CPUs that split
 * blocks in place.
 */
public final class Arm64Tables {
  private final Arm64Granule granule;
  private final LongSupplier pages;
  private final List<PageTable> tables = new ArrayList<>();

  private Arm64Tables(int pageSize, LongSupplier pages) {
    this.granule = new Arm64Granule(pageSize);
    this.pages = pages;
  }

  /**
   * Builds the tables for relocation code in {@code codePage}.
   *
   * @param pageSize 4096, 16384 or 65536
   * @param memory the memory that the running kernel maps
   * @param codePage the physical address of the page that holds the relocation code
   * @param pages where pages for the tables come from
   * @throws KexecException {@link Reason#BAD_MEMORY_MAP} for memory that such a kernel cannot map,
   *     or what {@code pages} throws
   */
  public static Arm64IdentityMap build(
      int pageSize, List<PhysRange> memory, long codePage, LongSupplier pages) {
    Arm64Tables builder = new Arm64Tables(pageSize, pages);
    PhysRangeSet mapped = PhysRangeSet.of(memory);
    long memstart = builder.memstart(mapped);
    long ttbr1 = builder.linearMap(mapped, memstart);
    int before = builder.tables.size();
    int vaBits = codePage >>> 48 != 0 ? 52 : 48;
    long ttbr0 = builder.idmapPage(codePage, vaBits);
    return new Arm64IdentityMap(
        builder.granule,
        builder.tables,
        ttbr0,
        ttbr1,
        vaBits,
        builder.tables.size() - before,
        memstart);
  }

  /** {@code arch/arm64/mm/init.c, arm64_memblock_init} (v6.1), without its KASLR. */
  private long memstart(PhysRangeSet mapped) {
    if (mapped.isEmpty()) {
      throw new KexecException(Reason.BAD_MEMORY_MAP, "no memory to map", "");
    }
    long start = mapped.ranges().get(0).start() & -granule.memstartAlign();
    long end = mapped.ranges().get(mapped.ranges().size() - 1).end();
    if (end > 1L << granule.physicalBits() || end - start > 1L << Arm64Granule.LINEAR_VA_BITS - 1) {
      throw new KexecException(
          Reason.BAD_MEMORY_MAP,
          String.format(
              Locale.ROOT,
              "memory from 0x%x to 0x%x: a kernel with %s pages and %d-bit addresses maps 0x%x bytes"
                  + " below 0x%x",
              start,
              end,
              granule,
              Arm64Granule.LINEAR_VA_BITS,
              1L << Arm64Granule.LINEAR_VA_BITS - 1,
              1L << granule.physicalBits()),
          "wider addresses (LPA2, 52-bit VA) are not modelled");
    }
    return start;
  }

  private long newTable(long[] descriptors) {
    long address = pages.getAsLong();
    tables.add(PageTable.of(address, descriptors));
    return address;
  }

  /** {@code arch/arm64/mm/trans_pgd.c, trans_pgd_create_copy} (v6.1). */
  private long linearMap(PhysRangeSet mapped, long memstart) {
    long[] root = new long[granule.entries()];
    long address = newTable(root);
    int level = Arm64Granule.LAST_LEVEL + 1 - granule.levels(Arm64Granule.LINEAR_VA_BITS);
    long end = mapped.ranges().get(mapped.ranges().size() - 1).end();
    fill(root, level, memstart, end, mapped);
    return address;
  }

  /** Fills a table whose first descriptor stands for {@code base}; at most four levels deep. */
  private void fill(long[] table, int level, long base, long end, PhysRangeSet mapped) {
    long span = 1L << granule.shift(level);
    for (int i = 0; i < table.length && base + i * span < end; i++) {
      long start = base + i * span;
      PhysRangeSet part =
          mapped.intersect(PhysRangeSet.of(new PhysRange(start, Math.min(start + span, end))));
      if (part.isEmpty()) {
        continue;
      }
      if (level == Arm64Granule.LAST_LEVEL - 1) {
        table[i] = granule.table(pagesTable(start, part));
      } else {
        long[] below = new long[granule.entries()];
        table[i] = granule.table(newTable(below));
        fill(below, level + 1, start, end, part);
      }
    }
  }

  private long pagesTable(long base, PhysRangeSet mapped) {
    long address = pages.getAsLong();
    tables.add(
        new PageTable(
            address,
            granule.entries(),
            index -> {
              PhysRange page =
                  PhysRange.ofSize(base + index * granule.pageSize(), granule.pageSize());
              return mapped.contains(page) ? granule.page(page.start()) : 0;
            }));
    return address;
  }

  /**
   * Maps one page at its own address, from the last level up, until the address is covered ({@code
   * arch/arm64/mm/trans_pgd.c, trans_pgd_idmap_page}, v6.1).
   */
  private long idmapPage(long page, int vaBits) {
    long descriptor = granule.page(page);
    long address = 0;
    for (int i = 0; i < granule.levels(vaBits); i++) {
      long[] table = new long[granule.entries()];
      table[granule.index(page, Arm64Granule.LAST_LEVEL - i, vaBits)] = descriptor;
      address = newTable(table);
      descriptor = granule.table(address);
    }
    return address;
  }
}
