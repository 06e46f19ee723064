package io.github.kexecsim.model.mmu;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongUnaryOperator;

/**
 * x86_64: all memory at its physical addresses, and the page of the relocation code once more at
 * the address where the running kernel calls it ({@code arch/x86/kernel/machine_kexec_64.c,
 * init_pgtable}, v6.1). The next kernel begins under it.
 */
public final class X86IdentityMap implements IdentityMap {
  private final List<PageTable> tables;
  private final List<PageTable> transitionTables;
  private final long cr3;
  private final int levels;
  private final long codeVirtual;

  X86IdentityMap(
      List<PageTable> tables,
      List<PageTable> transitionTables,
      long cr3,
      int levels,
      long codeVirtual) {
    this.tables = List.copyOf(tables);
    this.transitionTables = List.copyOf(transitionTables);
    this.cr3 = cr3;
    this.levels = levels;
    this.codeVirtual = codeVirtual;
  }

  @Override
  public String kind() {
    return "identity map, " + levels + " levels";
  }

  @Override
  public int levels() {
    return levels;
  }

  @Override
  public List<PageTable> tables() {
    return tables;
  }

  /** The tables that map the relocation code where it is called. */
  @Override
  public List<PageTable> transitionTables() {
    return transitionTables;
  }

  /** Where the running kernel calls it. */
  @Override
  public long codeAddress(long codePage) {
    return codeVirtual;
  }

  @Override
  public Map<String, Long> registers() {
    return Map.of("cr3", cr3);
  }

  @Override
  public long virtualAddress(long physical) {
    return physical;
  }

  @Override
  public OptionalLong translate(long virtual, LongUnaryOperator memory) {
    int vaBits = X86Tables.PAGE_SHIFT + levels * X86Tables.BITS_PER_LEVEL;
    long signs = virtual >> vaBits - 1;
    if (signs != 0 && signs != -1) {
      return OptionalLong.empty();
    }
    long table = cr3;
    for (int level = levels; ; level--) {
      int index = X86Tables.index(virtual, level);
      long entry = memory.applyAsLong(table + (long) index * Long.BYTES);
      if ((entry & X86Tables.PRESENT) == 0) {
        return OptionalLong.empty();
      }
      boolean leaf = level == 1 || level <= 3 && (entry & X86Tables.LARGE) != 0;
      long address = entry & X86Tables.ADDRESS;
      if (leaf) {
        long span = 1L << X86Tables.shift(level);
        return OptionalLong.of(address & -span | virtual & (span - 1));
      }
      table = address;
    }
  }
}
