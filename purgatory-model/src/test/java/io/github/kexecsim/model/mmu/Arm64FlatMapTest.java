package io.github.kexecsim.model.mmu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Arm64FlatMapTest {
  private static final long TABLES = 0x4000_0000L;

  private static LongUnaryOperator memory(Arm64FlatMap map) {
    Map<Long, Long> words = new HashMap<>();
    for (PageTable table : map.tables()) {
      long[] descriptors = table.descriptors();
      for (int i = 0; i < descriptors.length; i++) {
        words.put(table.address() + 8L * i, descriptors[i]);
      }
    }
    return address -> words.getOrDefault(address, 0L);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void whatIsInTheRangeIsMappedAtItself(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 30; i++) {
      long start = random.nextLong(1L << (12 + random.nextInt(24))) << 12;
      long size = 1 + random.nextLong(1L << random.nextInt(24)) << 12;
      PhysRange range = PhysRange.ofSize(start, size);
      Arm64FlatMap map = Arm64FlatMap.of(range, TABLES);
      LongUnaryOperator memory = memory(map);
      assertThat(Arm64FlatMap.tablesSize(range)).isEqualTo(map.tables().size() * 4096L);
      for (int j = 0; j < 50; j++) {
        long inside = start + random.nextLong(size);
        assertThat(map.translate(inside, memory)).isEqualTo(OptionalLong.of(inside));
      }
      assertThat(map.translate(start + size - 1, memory)).hasValue(start + size - 1);
      assertThat(map.translate(start + size, memory)).isEmpty();
      assertThat(map.translate(start - 1, memory)).isEmpty();
    }
  }

  @Test
  void wholeBlocksTakeNoTables() {
    assertThat(Arm64FlatMap.of(new PhysRange(1L << 30, 5L << 30), TABLES).tables()).hasSize(2);
    assertThat(Arm64FlatMap.of(new PhysRange(1L << 30, (5L << 30) + 0x20_1000), TABLES).tables())
        .hasSize(4);
  }

  @Test
  void addressesOf48BitsAreTheLimit() {
    PhysRange last = new PhysRange((1L << 48) - 4096, 1L << 48);
    Arm64FlatMap map = Arm64FlatMap.of(last, TABLES);
    assertThat(map.translate(last.start(), memory(map))).hasValue(last.start());
    assertThat(map.translate(-1, memory(map))).isEmpty();
    KexecException refusal =
        catchThrowableOfType(
            KexecException.class, () -> Arm64FlatMap.of(PhysRange.ofSize(1L << 48, 4096), TABLES));
    assertThat(refusal.reason()).isEqualTo(Reason.BAD_MEMORY_MAP);
  }
}
