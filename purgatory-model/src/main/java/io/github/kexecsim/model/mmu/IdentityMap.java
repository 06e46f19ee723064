package io.github.kexecsim.model.mmu;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongUnaryOperator;

/**
 * The translation under which the relocation code runs: built before, in control pages, as the
 * running kernel's own tables are about to be overwritten.
 */
public sealed interface IdentityMap
    permits Arm64IdentityMap, Arm64FlatMap, X86IdentityMap, WithoutTables {
  /** What translates, in a few words, as JSON shows it. */
  String kind();

  /** How many levels of tables a translation walks; 0 without tables. */
  int levels();

  /** The tables, in the order in which their pages were taken. */
  List<PageTable> tables();

  /** The registers that lead to them, by their names. */
  Map<String, Long> registers();

  /**
   * Tables that are not in control pages, as they serve only the first jump: their pages may be
   * destinations.
   */
  default List<PageTable> transitionTables() {
    return List.of();
  }

  /**
   * The virtual address at which the relocation code is running right after this map was loaded.
   *
   * @param codePage the physical address of its page
   */
  long codeAddress(long codePage);

  /** The virtual address at which the relocation code reaches a physical one. */
  long virtualAddress(long physical);

  /**
   * Translates as the CPU does, from the tables as they stand in memory.
   *
   * @param virtual the address to translate
   * @param memory reads the 64-bit word at a physical address
   * @return the physical address, or empty where the CPU would fault
   */
  OptionalLong translate(long virtual, LongUnaryOperator memory);
}
