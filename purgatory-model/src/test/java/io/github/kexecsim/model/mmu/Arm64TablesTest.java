package io.github.kexecsim.model.mmu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.model.sim.PhysMemory;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Arm64TablesTest {
  private static final long GIB = 1L << 30;

  private long nextPage;

  private Arm64IdentityMap build(int pageSize, long code, PhysRange... memory) {
    nextPage = memory[0].start();
    return Arm64Tables.build(pageSize, List.of(memory), code, () -> nextPage += pageSize);
  }

  private static PhysMemory memory(Arm64IdentityMap map, int pageSize) {
    PhysMemory memory = new PhysMemory(pageSize);
    map.tables().forEach(table -> memory.put(table.address(), table::descriptors));
    return memory;
  }

  /** The levels are those of the architecture manual for 48 and, with 64 KiB pages, 52 bits. */
  @ParameterizedTest
  @CsvSource({"4096, 4", "16384, 4", "65536, 3"})
  void thePageOfTheCodeTakesATableALevel(int pageSize, int levels) {
    long code = 0x40000000L + 5L * pageSize;
    Arm64IdentityMap map = build(pageSize, code, PhysRange.ofSize(0x40000000L, GIB));
    assertThat(map.idmapTables()).isEqualTo(levels);
    assertThat(map.levels()).isEqualTo(levels);
    assertThat(map.t0sz()).isEqualTo(16);
    PhysMemory memory = memory(map, pageSize);
    assertThat(map.translate(code + 8, memory::word)).hasValue(code + 8);
    assertThat(map.translate(code + pageSize, memory::word)).isEmpty();
    assertThat(map.translate(code - 1, memory::word)).isEmpty();
    assertThat(map.translate(code | 1L << 50, memory::word)).isEmpty();
  }

  @Test
  void aPageAbove48BitsTakesWiderAddresses() {
    long base = 3L << 48;
    Arm64IdentityMap map = build(65536, base, PhysRange.ofSize(base, GIB));
    assertThat(map.t0sz()).isEqualTo(12);
    assertThat(map.idmapTables()).isEqualTo(3);
    PhysMemory memory = memory(map, 65536);
    assertThat(map.translate(base + 4, memory::word)).hasValue(base + 4);
    assertThat(map.translate(map.virtualAddress(base + GIB - 1), memory::word))
        .hasValue(base + GIB - 1);
    assertThat(map.translate(4, memory::word)).isEmpty();
  }

  /** Of the linear map: a table for 2 MiB, 32 MiB, 512 MiB, and those above them. */
  @ParameterizedTest
  @CsvSource({"4096, 515", "16384, 35", "65536, 4"})
  void everyPageOfAGibibyteHasADescriptor(int pageSize, int tables) {
    Arm64IdentityMap map = build(pageSize, 0x40000000L, PhysRange.ofSize(0x40000000L, GIB));
    assertThat(map.tables().size() - map.idmapTables()).isEqualTo(tables);
  }

  @ParameterizedTest
  @ValueSource(ints = {4096, 16384, 65536})
  void theLinearMapHasMemoryAndNothingElse(int pageSize) {
    PhysRange first = PhysRange.ofSize(0x40000000L, 37L * pageSize);
    PhysRange second = PhysRange.ofSize(0x40000000L + 5000L * pageSize, 3000L * pageSize);
    PhysRange third = PhysRange.ofSize(1L << 40, 100L * pageSize);
    Arm64IdentityMap map = build(pageSize, first.start(), first, second, third);
    PhysMemory memory = memory(map, pageSize);
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 3000; i++) {
      long physical =
          i % 3 == 0
              ? third.start() + random.nextLong(200L * pageSize)
              : first.start() + random.nextLong(9000L * pageSize);
      boolean mapped =
          first.contains(physical) || second.contains(physical) || third.contains(physical);
      assertThat(map.translate(map.virtualAddress(physical), memory::word))
          .isEqualTo(mapped ? OptionalLong.of(physical) : OptionalLong.empty());
    }
  }

  @Test
  void aTerabyteCostsLittleUntilItIsWalked() {
    Arm64IdentityMap map = build(4096, 0, PhysRange.ofSize(0, 1L << 40));
    assertThat(map.tables().size() - map.idmapTables()).isEqualTo(1 + 2 + 1024 + (1 << 19));
    PhysMemory memory = memory(map, 4096);
    long physical = 0xab_cdef_1234L;
    assertThat(map.translate(map.virtualAddress(physical), memory::word)).hasValue(physical);
  }

  @Test
  void memoryThatNoSuchKernelMapsIsRefused() {
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(() -> build(4096, 1L << 48, PhysRange.ofSize(1L << 48, GIB)))
        .extracting(KexecException::reason)
        .isEqualTo(Reason.BAD_MEMORY_MAP);
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(
            () -> build(65536, 0, PhysRange.ofSize(0, GIB), PhysRange.ofSize(1L << 47, GIB)))
        .extracting(KexecException::reason)
        .isEqualTo(Reason.BAD_MEMORY_MAP);
  }
}
