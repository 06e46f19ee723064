package io.github.kexecsim.model.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.model.sim.PhysMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class X86TablesTest {
  private static final long GIB = 1L << 30;
  private static final long MIB = 1L << 20;
  private static final long TEXT = 0xffff_ffff_8100_0000L;
  private static final long CODE = 0x7000;

  private long nextPage = 0x100_0000_0000L;

  private X86IdentityMap map(boolean fiveLevels, boolean gigabytePages, PhysRange... ranges) {
    X86Tables tables = new X86Tables(fiveLevels, gigabytePages, 0x5000, this::page);
    for (PhysRange range : ranges) {
      tables.map(range);
    }
    return tables.finish(TEXT, CODE, this::page);
  }

  private long page() {
    return nextPage += 4096;
  }

  private static OptionalLong translate(X86IdentityMap map, long virtual) {
    return map.translate(virtual, memory(map)::word);
  }

  private static PhysMemory memory(X86IdentityMap map) {
    PhysMemory memory = new PhysMemory(4096);
    map.tables().forEach(table -> memory.put(table.address(), table::descriptors));
    map.transitionTables().forEach(table -> memory.put(table.address(), table::descriptors));
    return memory;
  }

  @Test
  void tablesAreAsManyAsTheLevelsNeed() {
    PhysRange threeGib = new PhysRange(0, 3 * GIB);
    assertThat(map(false, false, threeGib).tables()).hasSize(1 + 1 + 3);
    assertThat(map(false, true, threeGib).tables()).hasSize(1 + 1);
    assertThat(map(true, false, threeGib).tables()).hasSize(1 + 1 + 1 + 3);
    assertThat(map(true, true, threeGib).tables()).hasSize(1 + 1 + 1);
    assertThat(map(false, true, threeGib).transitionTables()).hasSize(3);
    assertThat(map(true, true, threeGib).transitionTables()).hasSize(4);
  }

  @Test
  void gigabytePagesAreUsedOnlyWhereTheyFit() {
    X86IdentityMap map = map(false, true, new PhysRange(0, 3 * GIB + 5 * MIB));
    assertThat(map.tables()).hasSize(1 + 1 + 1);
    assertThat(translate(map, 3 * GIB + 6 * MIB - 1)).hasValue(3 * GIB + 6 * MIB - 1);
    assertThat(translate(map, 3 * GIB + 6 * MIB)).isEmpty();
  }

  @Test
  void theCodeIsMappedWhereItIsCalled() {
    for (boolean five : new boolean[] {false, true}) {
      X86IdentityMap map = map(five, true, new PhysRange(0, GIB));
      assertThat(map.codeAddress(CODE)).isEqualTo(TEXT);
      assertThat(translate(map, TEXT + 0x123)).hasValue(CODE + 0x123);
      assertThat(translate(map, TEXT + 0x1000)).isEmpty();
    }
  }

  @Test
  void fiveLevelsReachBeyondWhatFourCan() {
    PhysRange high = PhysRange.ofSize(1L << 48, 2 * MIB);
    assertThat(translate(map(true, false, high), high.start())).hasValue(high.start());
    assertThat(translate(map(false, false, new PhysRange(0, GIB)), 1L << 47)).isEmpty();
  }

  @Test
  void exactlyWhatWasAskedForIsMapped() {
    SplittableRandom random = new SplittableRandom(11);
    for (int round = 0; round < 200; round++) {
      List<PhysRange> ranges = new ArrayList<>();
      List<PhysRange> rounded = new ArrayList<>();
      for (int i = 0; i < 1 + random.nextInt(6); i++) {
        long start = random.nextLong(64 * GIB) & -4096;
        PhysRange range = PhysRange.ofSize(start, 4096 + (random.nextLong(5 * GIB) & -4096));
        ranges.add(range);
        rounded.add(
            new PhysRange(range.start() & -2 * MIB, (range.end() + 2 * MIB - 1) & -2 * MIB));
      }
      X86IdentityMap map =
          map(random.nextBoolean(), random.nextBoolean(), ranges.toArray(PhysRange[]::new));
      PhysMemory memory = memory(map);
      PhysRangeSet mapped = PhysRangeSet.of(rounded);
      for (int i = 0; i < 200; i++) {
        long address = random.nextLong(72 * GIB);
        boolean inside = mapped.contains(PhysRange.ofSize(address, 1));
        assertThat(map.translate(address, memory::word))
            .isEqualTo(inside ? OptionalLong.of(address) : OptionalLong.empty());
      }
      for (PhysRange range : ranges) {
        assertThat(map.translate(range.start(), memory::word)).hasValue(range.start());
        assertThat(map.translate(range.last(), memory::word)).hasValue(range.last());
      }
    }
  }
}
