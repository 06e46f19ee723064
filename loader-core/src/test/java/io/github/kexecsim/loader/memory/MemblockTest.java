package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemblockTest {
  private static final String MEMORY =
      """
         0: 0x0000000040000000..0x000000004fffffff    0 NONE
         1: 0x0000000050000000..0x0000000050ffffff    0 NOMAP
         2: 0x0000000051000000..0x000000005fffffff    1 NONE
         3: 0x0000000060000000..0x000000006fffffff    1 HOTPLUG
         4: 0x0000000070000000..0x000000007fffffff    x MIRROR|DRV_MNG
      """;
  private static final String RESERVED =
      """
         0: 0x0000000040200000..0x000000004051ffff    0 NONE
         1: 0x000000004fffff00..0x000000005100000f    x RSV_KERN
         2: 0x0000000051000010..0x000000005100001f    x RSV_NIT
         3: 0x0000000058000000..0x00000000580000fe    1 RSV_KERN
      """;

  @TestFactory
  Stream<DynamicTest> readsEveryRecordedMachine() {
    return RecordedMachine.with("memblock_memory").stream()
        .map(recorded -> DynamicTest.dynamicTest(recorded.name(), () -> checkRecorded(recorded)));
  }

  private static void checkRecorded(RecordedMachine recorded) {
    Memblock memblock = recorded.memblock();
    assertThat(memblock.warnings()).isEmpty();
    assertThat(memblock.memory()).hasSize((int) recorded.text("memblock_memory").lines().count());
    assertThat(memblock.reserved())
        .hasSize((int) recorded.text("memblock_reserved").lines().count());

    PhysRangeSet free = PhysRangeSet.of(memblock.freeRanges(false));
    Iomem iomem = recorded.iomem();
    PhysRangeSet estimate = PhysRangeSet.of(iomem.freeEstimate());
    // What /proc/iomem holds besides was reserved at boot and freed since.
    assertThat(estimate.subtract(free).ranges()).isEmpty();
    assertThat(free.subtract(PhysRangeSet.of(iomem.systemRam())).ranges()).isEmpty();
    assertThat(free.intersect(PhysRangeSet.of(iomem.crashKernel())).ranges()).isEmpty();
    for (RecordedMachine.Load load : recorded.answered()) {
      for (PhysRange segment : load.isCrash() ? List.<PhysRange>of() : load.segments()) {
        assertThat(memblock.freeRanges(false))
            .as("%s: %s", load.name(), segment)
            .anyMatch(range -> range.contains(segment));
      }
    }
  }

  @Test
  void yieldsTheFreeRangesOfTheKernelsWalk() {
    Memblock memblock = Memblock.parse(MEMORY, RESERVED);

    assertThat(memblock.freeRanges(false))
        .containsExactly(
            new PhysRange(0x4000_0000L, 0x4020_0000L),
            new PhysRange(0x4052_0000L, 0x4fff_ff00L),
            new PhysRange(0x5100_0020L, 0x5800_0000L),
            new PhysRange(0x5800_00ffL, 0x6000_0000L),
            new PhysRange(0x6000_0000L, 0x7000_0000L));
    assertThat(memblock.freeRanges(true))
        .hasSize(4)
        .doesNotContain(new PhysRange(0x6000_0000L, 0x7000_0000L));
  }

  @Test
  void keepsNodesAndFlags() {
    Memblock memblock = Memblock.parse(MEMORY, RESERVED);

    assertThat(memblock.memory())
        .extracting(MemblockRegion::node)
        .containsExactly(0, 0, 1, 1, MemblockRegion.NUMA_NO_NODE);
    assertThat(memblock.memory().get(4).flags())
        .isEqualTo(Set.of(MemblockFlag.MIRROR, MemblockFlag.DRIVER_MANAGED));
    assertThat(memblock.reserved())
        .extracting(MemblockRegion::flags)
        .containsExactly(
            Set.of(),
            Set.of(MemblockFlag.RSRV_KERN),
            Set.of(MemblockFlag.RSRV_NOINIT),
            Set.of(MemblockFlag.RSRV_KERN));
    assertThat(memblock.warnings()).isEmpty();
  }

  @Test
  void agreesWithAWalkAddressByAddress() {
    SplittableRandom random = new SplittableRandom(0x3e3b);
    for (int round = 0; round < 2000; round++) {
      List<MemblockRegion> memory = someRegions(random);
      List<MemblockRegion> reserved = someRegions(random);
      boolean movableNode = random.nextBoolean();

      List<PhysRange> expected = new ArrayList<>();
      for (MemblockRegion region : memory) {
        long start = -1;
        for (long at = region.range().start(); at <= region.range().end(); at++) {
          boolean free =
              at < region.range().end()
                  && isWalked(region, movableNode)
                  && !isReserved(reserved, at);
          if (free && start < 0) {
            start = at;
          } else if (!free && start >= 0) {
            expected.add(new PhysRange(start, at));
            start = -1;
          }
        }
      }
      assertThat(new Memblock(memory, reserved, List.of()).freeRanges(movableNode))
          .isEqualTo(expected);
    }
  }

  private static boolean isWalked(MemblockRegion region, boolean movableNode) {
    return switch (region.flags().isEmpty() ? "" : region.flags().iterator().next().label()) {
      case "NOMAP", "DRV_MNG" -> false;
      case "HOTPLUG" -> !movableNode;
      default -> true;
    };
  }

  private static boolean isReserved(List<MemblockRegion> reserved, long address) {
    return reserved.stream().anyMatch(region -> region.range().contains(address));
  }

  private static List<MemblockRegion> someRegions(SplittableRandom random) {
    List<MemblockRegion> regions = new ArrayList<>();
    long at = 0;
    while (at < 80) {
      long start = at + (random.nextBoolean() ? 0 : random.nextInt(6));
      at = start + 1 + random.nextInt(12);
      Set<MemblockFlag> flags =
          random.nextBoolean()
              ? Set.of()
              : Set.of(MemblockFlag.values()[random.nextInt(MemblockFlag.values().length)]);
      regions.add(new MemblockRegion(new PhysRange(start, at), random.nextInt(2), flags));
    }
    return regions;
  }

  @Test
  void readsTheFormatWithoutFlagsAndSaysWhatIsLost() {
    Memblock memblock =
        Memblock.parse(
            "   0: 0x0000000040000000..0x000000007fffffff\n",
            "   0: 0x0000000040200000..0x000000004051ffff\n");

    assertThat(memblock.freeRanges(false)).hasSize(2);
    assertThat(memblock.warnings()).hasSize(1);
    // What is reserved has no flags that matter.
    String flagged = "   0: 0x40000000..0x7fffffff    0 NONE\n";
    String plain = "   0: 0x40200000..0x4051ffff\n";
    assertThat(Memblock.parse(flagged, plain).warnings()).isEmpty();
  }

  @Test
  void warnsOfLostLinesUnknownFlagsAndNothingReserved() {
    String gap = "   1: 0x40000000..0x4fffffff    0 UNKNOWN\n";

    assertThat(Memblock.parse(gap, "").warnings()).hasSize(3);
  }

  @Test
  void takesCarriageReturnsAndWideNumbers() {
    assertThat(Memblock.parse(MEMORY.replace("\n", "\r\n"), RESERVED))
        .isEqualTo(Memblock.parse(MEMORY, RESERVED));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "cat: memory: Permission denied\n",
        "   0: 0x40000000..0x7fffffff    0 NONE\n   1: 0x7fffffff..0x8fffffff    0 NONE\n",
        "   0: 0x40000000..0x7fffffff    0 NONE\n   1: 0x20000000..0x2fffffff    0 NONE\n",
        "   0: 0x40000000..0x7fffffff    0 NONE\n   0: 0x40000000..0x7fffffff    0 NONE\n",
        "   0: 0x7fffffff..0x40000000    0 NONE\n",
        "   0: 0x0000000000000000..0xffffffffffffffff    0 NONE\n",
        "   0: 0x10000000000000000..0x1ffffffffffffffff    0 NONE\n",
        "   0: 0x40000000..0x7fffffff    0\n",
        "   0: 0x40000000..0x7fffffff    0 none\n",
        "   0: 0x40000000-0x7fffffff    0 NONE\n",
        "   0: 40000000..7fffffff    0 NONE\n",
        "0x40000000..0x7fffffff    0 NONE\n",
        "99999999999: 0x40000000..0x7fffffff    0 NONE\n",
      })
  void refusesWhatIsNoMemblock(String memory) {
    KexecException refusal =
        catchThrowableOfType(KexecException.class, () -> Memblock.parse(memory, RESERVED));

    assertThat(refusal.reason()).isEqualTo(Reason.BAD_MEMORY_MAP);
  }

  @Test
  void refusesABadReservedAsWell() {
    KexecException refusal =
        catchThrowableOfType(KexecException.class, () -> Memblock.parse(MEMORY, "garbage"));

    assertThat(refusal.reason()).isEqualTo(Reason.BAD_MEMORY_MAP);
  }

  @Test
  void honoursTheLimitOfLines() {
    assertThat(Memblock.parse(MEMORY, RESERVED, Limits.DEFAULT.with(Limit.RANGES, 5)))
        .isEqualTo(Memblock.parse(MEMORY, RESERVED));
    KexecException refusal =
        catchThrowableOfType(
            KexecException.class,
            () -> Memblock.parse(MEMORY, RESERVED, Limits.DEFAULT.with(Limit.RANGES, 4)));
    assertThat(refusal.reason()).isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void readsTenThousandRegions() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 10_000; i++) {
      long start = 0x1_0000_0000L + i * 0x2000L;
      text.append(String.format("%4d: 0x%016x..0x%016x    0 NONE\n", i, start, start + 0xfff));
    }
    Memblock memblock =
        Memblock.parse("   0: 0x100000000..0x1ffffffff    0 NONE\n", text.toString());

    assertThat(memblock.freeRanges(false)).hasSize(10_000);
  }

  @Test
  void recordsCheckTheirOrder() {
    MemblockRegion low = new MemblockRegion(new PhysRange(0, 0x1001));
    MemblockRegion high = new MemblockRegion(new PhysRange(0x1000, 0x2000));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Memblock(List.of(low, high), List.of(), List.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Memblock(List.of(low), List.of(low, high), List.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MemblockRegion(low.range(), -2, Set.of()));
  }

  @Test
  void aCrashDumpHasWhatDriversManageAndNotWhatIsUnmapped() {
    Memblock memblock =
        Memblock.parse(
            """
               0: 0x0000000040000000..0x000000004fffffff    0 NONE
               1: 0x0000000050000000..0x000000005fffffff    0 NOMAP
               2: 0x0000000060000000..0x000000006fffffff    0 DRV_MNG
            """,
            "");

    assertThat(memblock.mappedRanges())
        .containsExactly(
            new PhysRange(0x4000_0000, 0x5000_0000), new PhysRange(0x6000_0000, 0x7000_0000));
    assertThat(memblock.freeRanges(false)).containsExactly(new PhysRange(0x4000_0000, 0x5000_0000));
  }
}
