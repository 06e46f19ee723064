package io.github.kexecsim.model.mmu;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongUnaryOperator;

/**
 * A relocation that needs no tables: physical memory is all there, at a fixed distance.
 *
 * @param kind what stands in for them
 * @param window what a virtual address has more than the physical one
 */
public record WithoutTables(String kind, long window) implements IdentityMap {
  /** No tables built: the code that starts a crash kernel runs on the running kernel's own. */
  public static final WithoutTables MMU_OFF = new WithoutTables("mmu off", 0);

  /**
   * The cached direct-mapped window of loongarch64 ({@code arch/loongarch/include/asm/addrspace.h,
   * CACHE_BASE}, v6.1).
   */
  public static final WithoutTables DIRECT_WINDOW =
      new WithoutTables("direct-mapped window", 0x9000_0000_0000_0000L);

  private static final long WINDOW_BITS = 0xffff_0000_0000_0000L;

  @Override
  public int levels() {
    return 0;
  }

  @Override
  public List<PageTable> tables() {
    return List.of();
  }

  @Override
  public Map<String, Long> registers() {
    return Map.of();
  }

  @Override
  public long codeAddress(long codePage) {
    return virtualAddress(codePage);
  }

  @Override
  public long virtualAddress(long physical) {
    return physical + window;
  }

  @Override
  public OptionalLong translate(long virtual, LongUnaryOperator memory) {
    boolean inside = window == 0 || (virtual & WINDOW_BITS) == window;
    return inside ? OptionalLong.of(virtual - window) : OptionalLong.empty();
  }
}
