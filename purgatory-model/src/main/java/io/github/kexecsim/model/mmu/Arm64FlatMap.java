package io.github.kexecsim.model.mmu;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongUnaryOperator;

/**
 * arm64: memory mapped 1:1 through TTBR0 as UEFI applications run under it (UEFI Specification
 * 2.10, 2.3.6, "AArch64 Platforms"): 4 KiB granule, 48-bit addresses, by blocks of 1 GiB and 2 MiB
 * where they fit.
 */
public final class Arm64FlatMap implements IdentityMap {
  /** How large a page is in this map, in bytes, whatever the kernels' own pages are. */
  public static final int PAGE_SIZE = 4096;

  private static final int VA_BITS = 48;
  private static final Arm64Granule GRANULE = new Arm64Granule(PAGE_SIZE);
  private static final int FIRST_LEVEL = Arm64Granule.LAST_LEVEL + 1 - GRANULE.levels(VA_BITS);

  /** Blocks are allowed from level 1 on. */
  private static final int FIRST_BLOCK_LEVEL = 1;

  /** A table or page descriptor without it is a block. */
  private static final long NOT_A_BLOCK = 2;

  private final List<PageTable> tables = new ArrayList<>();
  private final long root;
  private long next;

  private Arm64FlatMap(PhysRange range, long firstTable) {
    if (range.end() > 1L << VA_BITS) {
      throw new KexecException(
          Reason.BAD_MEMORY_MAP,
          range + " reaches beyond what 48-bit addresses map 1:1",
          "wider addresses (LPA2) are not modelled");
    }
    next = firstTable;
    root = table(FIRST_LEVEL, 0, range);
  }

  /**
   * Builds the tables.
   *
   * @param range what to map, made of whole pages of {@value #PAGE_SIZE} bytes
   * @param firstTable the physical address of the first table; the others follow it
   * @throws KexecException {@link Reason#BAD_MEMORY_MAP} for memory above 2^48
   */
  public static Arm64FlatMap of(PhysRange range, long firstTable) {
    return new Arm64FlatMap(range, firstTable);
  }

  /** How many bytes the tables of a range take. */
  public static long tablesSize(PhysRange range) {
    return (long) of(range, 0).tables.size() * PAGE_SIZE;
  }

  private long table(int level, long base, PhysRange range) {
    long address = next;
    next += PAGE_SIZE;
    long[] descriptors = new long[GRANULE.entries()];
    tables.add(PageTable.of(address, descriptors));
    long span = 1L << GRANULE.shift(level);
    long first = (Math.max(range.start(), base) - base) / span;
    for (long i = first; i < descriptors.length && base + i * span < range.end(); i++) {
      PhysRange entry = PhysRange.ofSize(base + i * span, span);
      if (level == Arm64Granule.LAST_LEVEL) {
        descriptors[(int) i] = GRANULE.page(entry.start());
      } else if (level >= FIRST_BLOCK_LEVEL && range.contains(entry)) {
        descriptors[(int) i] = GRANULE.page(entry.start()) & ~NOT_A_BLOCK;
      } else {
        descriptors[(int) i] = GRANULE.table(table(level + 1, entry.start(), range));
      }
    }
    return address;
  }

  @Override
  public String kind() {
    return "1:1 map of usable memory, " + GRANULE + " granule";
  }

  @Override
  public int levels() {
    return GRANULE.levels(VA_BITS);
  }

  @Override
  public List<PageTable> tables() {
    return List.copyOf(tables);
  }

  @Override
  public Map<String, Long> registers() {
    Map<String, Long> registers = new LinkedHashMap<>();
    registers.put("ttbr0_el1", GRANULE.ttbr(root));
    registers.put("t0sz", 64L - VA_BITS);
    return registers;
  }

  @Override
  public long codeAddress(long codePage) {
    return codePage;
  }

  @Override
  public long virtualAddress(long physical) {
    return physical;
  }

  @Override
  public OptionalLong translate(long virtual, LongUnaryOperator memory) {
    if (virtual >>> VA_BITS != 0) {
      return OptionalLong.empty();
    }
    long table = root;
    for (int level = FIRST_LEVEL; ; level++) {
      int index = GRANULE.index(virtual, level, VA_BITS);
      long descriptor = memory.applyAsLong(table + (long) index * Long.BYTES);
      long address = GRANULE.address(descriptor);
      boolean isBlock = (descriptor & NOT_A_BLOCK) == 0;
      boolean mayEnd = isBlock ? isBlockLevel(level) : level == Arm64Granule.LAST_LEVEL;
      if ((descriptor & 1) == 0 || isBlock && !mayEnd) {
        return OptionalLong.empty();
      }
      if (mayEnd) {
        return OptionalLong.of(address | virtual & ((1L << GRANULE.shift(level)) - 1));
      }
      table = address;
    }
  }

  private static boolean isBlockLevel(int level) {
    return level >= FIRST_BLOCK_LEVEL && level < Arm64Granule.LAST_LEVEL;
  }
}
