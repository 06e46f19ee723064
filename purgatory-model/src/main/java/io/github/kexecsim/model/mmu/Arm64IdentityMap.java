package io.github.kexecsim.model.mmu;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongUnaryOperator;

/**
 * arm64: TTBR0 maps the one page of the relocation code at its physical address, TTBR1 a copy of
 * the linear map, through which the code reaches everything else ({@code
 * arch/arm64/kernel/machine_kexec.c, machine_kexec_post_load}, v6.1).
 */
public final class Arm64IdentityMap implements IdentityMap {
  private static final int LINEAR_VA_BITS = Arm64Granule.LINEAR_VA_BITS;

  private final Arm64Granule granule;
  private final List<PageTable> tables;
  private final long ttbr0;
  private final long ttbr1;
  private final int idmapVaBits;
  private final int idmapTables;
  private final long memstart;

  Arm64IdentityMap(
      Arm64Granule granule,
      List<PageTable> tables,
      long ttbr0,
      long ttbr1,
      int idmapVaBits,
      int idmapTables,
      long memstart) {
    this.granule = granule;
    this.tables = List.copyOf(tables);
    this.ttbr0 = ttbr0;
    this.ttbr1 = ttbr1;
    this.idmapVaBits = idmapVaBits;
    this.idmapTables = idmapTables;
    this.memstart = memstart;
  }

  @Override
  public String kind() {
    return "identity map of the relocation code, " + granule + " granule, and the linear map";
  }

  /** The levels of the identity map: as many as its VA size needs. */
  @Override
  public int levels() {
    return granule.levels(idmapVaBits);
  }

  /**
   * How many of the tables are the identity map's: one a level. The others are the linear map's.
   */
  public int idmapTables() {
    return idmapTables;
  }

  /** TCR_EL1.T0SZ: 64 less the bits of the identity map's addresses. */
  public int t0sz() {
    return 64 - idmapVaBits;
  }

  @Override
  public List<PageTable> tables() {
    return tables;
  }

  @Override
  public Map<String, Long> registers() {
    Map<String, Long> registers = new LinkedHashMap<>();
    registers.put("ttbr0_el1", granule.ttbr(ttbr0));
    registers.put("ttbr1_el1", granule.ttbr(ttbr1));
    registers.put("t0sz", (long) t0sz());
    return registers;
  }

  @Override
  public long codeAddress(long codePage) {
    return codePage;
  }

  /** An address of the linear map. */
  @Override
  public long virtualAddress(long physical) {
    return physical - memstart + Arm64Granule.PAGE_OFFSET;
  }

  @Override
  public OptionalLong translate(long virtual, LongUnaryOperator memory) {
    if (virtual < 0) {
      return virtual < Arm64Granule.PAGE_OFFSET
          ? OptionalLong.empty()
          : walk(ttbr1, LINEAR_VA_BITS, virtual, memory);
    }
    return virtual >>> idmapVaBits != 0
        ? OptionalLong.empty()
        : walk(ttbr0, idmapVaBits, virtual, memory);
  }

  private OptionalLong walk(long root, int vaBits, long virtual, LongUnaryOperator memory) {
    long table = root;
    for (int level = Arm64Granule.LAST_LEVEL + 1 - granule.levels(vaBits); ; level++) {
      int index = granule.index(virtual, level, vaBits);
      long descriptor = memory.applyAsLong(table + (long) index * Long.BYTES);
      // Both a table and, on the last level, a page are marked by 0b11. Blocks are not built here.
      if ((descriptor & Arm64Granule.TABLE) != Arm64Granule.TABLE) {
        return OptionalLong.empty();
      }
      long address = granule.address(descriptor);
      if (level == Arm64Granule.LAST_LEVEL) {
        return OptionalLong.of(address | virtual & (granule.pageSize() - 1));
      }
      table = address;
    }
  }
}
