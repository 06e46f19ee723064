package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IomemTest {
  private static final String SMALL =
      """
      00000000-00000fff : Reserved
      00001000-0009ffff : System RAM
      000f0000-000fffff : Reserved
        000f0000-000fffff : System ROM
      00100000-7fffffff : System RAM
        01000000-01ffffff : Kernel code
        02000000-02ffffff : Crash kernel
      100000000-17fffffff : System RAM
        130000000-13fffffff : Crash kernel
      180000000-1ffffffff : Persistent Memory
        180000000-1ffffffff : dax0.0
          180000000-1ffffffff : System RAM (kmem)
      """;

  @TestFactory
  Stream<DynamicTest> readsEveryRecordedMachine() {
    return RecordedMachine.all().stream()
        .map(
            recorded ->
                DynamicTest.dynamicTest(
                    recorded.name(),
                    () -> {
                      Iomem iomem = recorded.iomem();
                      assertThat(iomem.warnings()).isEmpty();
                      assertThat(iomem.systemRam()).isNotEmpty();
                      assertThat(print(iomem.resources(), ""))
                          .isEqualTo(recorded.text("iomem").stripTrailing() + "\n");
                      checkAgainstLoads(recorded, iomem);
                    }));
  }

  /** A crash kernel region is there just where crash loads worked, and holds their segments. */
  private static void checkAgainstLoads(RecordedMachine recorded, Iomem iomem) {
    List<PhysRange> crash = iomem.crashKernel();
    for (RecordedMachine.Load load : recorded.answered()) {
      if (load.isCrash()) {
        assertThat(load.isOk()).as(load.name()).isEqualTo(!crash.isEmpty());
      }
      for (PhysRange segment : load.segments()) {
        List<PhysRange> walked =
            load.isCrash() ? crash.subList(crash.size() - 1, crash.size()) : iomem.systemRam();
        assertThat(walked)
            .as("%s: %s", load.name(), segment)
            .anyMatch(range -> range.contains(segment));
      }
    }
  }

  private static String print(List<Resource> resources, String indent) {
    StringBuilder text = new StringBuilder();
    for (Resource resource : resources) {
      text.append(
          String.format(
              "%s%08x-%08x : %s%n",
              indent, resource.range().start(), resource.range().last(), resource.name()));
      text.append(print(resource.children(), indent + "  "));
    }
    return text.toString().replace(System.lineSeparator(), "\n");
  }

  @Test
  void walksSystemRamButNotWhatDriversManage() {
    assertThat(Iomem.parse(SMALL).systemRam())
        .containsExactly(
            new PhysRange(0x1000, 0xa0000),
            new PhysRange(0x100000, 0x80000000L),
            new PhysRange(0x1_0000_0000L, 0x1_8000_0000L));
  }

  @Test
  void findsSystemRamBelowOtherResources() {
    Iomem iomem =
        Iomem.parse("40000000-7fffffff : CXL Window 0\n  40000000-5fffffff : System RAM\n");

    assertThat(iomem.systemRam()).containsExactly(new PhysRange(0x4000_0000, 0x6000_0000));
  }

  @Test
  void doesNotJoinNeighbours() {
    assertThat(Iomem.parse("1000-1fff : System RAM\n2000-2fff : System RAM\n").systemRam())
        .containsExactly(new PhysRange(0x1000, 0x2000), new PhysRange(0x2000, 0x3000));
  }

  @Test
  void listsTheLowCrashKernelBeforeTheHighOne() {
    assertThat(Iomem.parse(SMALL).crashKernel())
        .containsExactly(
            new PhysRange(0x200_0000, 0x300_0000), new PhysRange(0x1_3000_0000L, 0x1_4000_0000L));
  }

  @Test
  void estimatesFreeMemoryWithoutKernelAndReserved() {
    String text =
        """
        80000000-bfffffff : System RAM
          80000000-8007ffff : Reserved
          80202000-8068e488 : Kernel image
            80202000-803c4391 : Kernel code
          8068e489-8068efff : Reserved
          b0000000-bfffffff : Crash kernel
        """;

    assertThat(Iomem.parse(text).freeEstimate())
        .containsExactly(
            new PhysRange(0x8008_0000L, 0x8020_2000L), new PhysRange(0x8068_f000L, 0xb000_0000L));
  }

  @Test
  void takesLineEndsAndBlankLinesAsTheyCome() {
    Iomem plain = Iomem.parse(SMALL);

    assertThat(Iomem.parse(SMALL.replace("\n", "\r\n"))).isEqualTo(plain);
    assertThat(Iomem.parse("\n \n" + SMALL.replace("\n", "\n\n"))).isEqualTo(plain);
    assertThat(Iomem.parse(SMALL.stripTrailing())).isEqualTo(plain);
  }

  @Test
  void sortsWithAWarning() {
    Iomem iomem =
        Iomem.parse(
            """
            3000-3fff : c
            1000-1fff : System RAM
              1800-18ff : b
              1000-10ff : a
            """);

    assertThat(iomem.resources()).extracting(Resource::name).containsExactly("System RAM", "c");
    assertThat(iomem.resources().get(0).children())
        .extracting(Resource::name)
        .containsExactly("a", "b");
    assertThat(iomem.warnings()).hasSize(1);
  }

  @Test
  void leavesOutWindowsBeyondTheLimitButKeepsWhatIsInThem() {
    Iomem iomem =
        Iomem.parse(
            """
            00001000-0009ffff : System RAM
            100000000-ffffffffffffffff : PCI Bus 0000:00
              200000000-2ffffffff : System RAM
              10000000000000-ffffffffffffffff : 0000:00:01.0
            """);

    assertThat(iomem.systemRam()).hasSize(2);
    assertThat(iomem.warnings()).hasSize(1);
  }

  @Test
  void toleratesOverlapWhereTheKernelStopsIndenting() {
    String text =
        """
        10000-1ffff : a
          10000-1ffff : b
            10000-1ffff : c
              10000-1ffff : d
                10000-1ffff : e
                  10000-1ffff : f
                  10000-1ffff : below f
        """;

    assertThat(Iomem.parse(text).resources()).hasSize(1);
    // Nothing is out of order, but there is no System RAM.
    assertThat(Iomem.parse(text).warnings()).hasSize(1);
  }

  @Test
  void takesANameThatIsEmptyOrOdd() {
    Iomem iomem = Iomem.parse("1000-1fff : \n2000-2fff :\n3000-3fff : a : b [bus 00-ff] \u0085é\n");

    assertThat(iomem.resources())
        .extracting(Resource::name)
        .containsExactly("", "", "a : b [bus 00-ff] \u0085é");
  }

  @Test
  void saysThatThereIsNoRam() {
    assertThat(Iomem.parse("1000-1fff : pl011\n").warnings()).hasSize(1);
  }

  @Test
  void tellsAnUnprivilegedReadApart() {
    String text = SMALL.replaceAll("[0-9a-f]+-[0-9a-f]+ :", "00000000-00000000 :");

    assertThat(reasonOf(text)).isEqualTo(Reason.UNPRIVILEGED_IOMEM);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n\n",
        "$ cat /proc/iomem\n1000-1fff : System RAM\n",
        "\ufeff1000-1fff : System RAM\n",
        "  1000-1fff : System RAM\n",
        " 1000-1fff : System RAM\n",
        "\t1000-1fff : System RAM\n",
        "1000-1fff : System RAM\n    1000-1fff : too deep\n",
        "1000-1fff : System RAM\n   1000-1fff : odd\n",
        "1000-1fff : System RAM\n1000-1fff : System RAM\n",
        "1000-1fff : System RAM\n1800-27ff : overlaps\n",
        "1000-1fff : System RAM\n  1800-20ff : leaves its parent\n",
        "1000-1fff : System RAM\n  10000000000000-ffffffffffffffff : leaves its parent\n",
        "1000-1fff : a\n  1000-17ff : b\n  1400-18ff : overlaps\n",
        "1fff-1000 : System RAM\n",
        "1000-ffffffffffffffff : System RAM\n",
        "1000-ffffffffffffffff : Crash kernel\n",
        "1000-10000000000000 : System RAM (kmem)\n",
        "10000000000000000-10000000000000fff : more than 64 bits\n",
        "1000-1fff System RAM\n",
        "1000-1fff:System RAM\n",
        "0x1000-0x1fff : System RAM\n",
        "1000-\n",
      })
  void refusesWhatIsNoIomem(String text) {
    assertThat(reasonOf(text)).isEqualTo(Reason.BAD_MEMORY_MAP);
  }

  @Test
  void saysWhichLine() {
    KexecException refusal =
        catchThrowableOfType(
            KexecException.class, () -> Iomem.parse("1000-1fff : a\n\n\u001b[31mgarbage\n"));

    assertThat(refusal).hasMessageContaining("line 3");
    assertThat(refusal.getMessage()).doesNotContain("\u001b");
    assertThat(refusal.hint()).isNotEmpty();
  }

  @Test
  void refusesEndlessDepth() {
    StringBuilder text = new StringBuilder();
    for (int level = 0; level < 5000; level++) {
      text.append("  ".repeat(level)).append("1000-1fff : deep\n");
    }

    assertThat(reasonOf(text.toString())).isEqualTo(Reason.BAD_MEMORY_MAP);
  }

  @Test
  void honoursTheLimitOfLines() {
    assertThat(Iomem.parse(SMALL, Limits.DEFAULT.with(Limit.RANGES, 12)))
        .isEqualTo(Iomem.parse(SMALL));
    assertThat(
            catchThrowableOfType(
                    KexecException.class,
                    () -> Iomem.parse(SMALL, Limits.DEFAULT.with(Limit.RANGES, 11)))
                .reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void readsTenThousandLines() {
    StringBuilder text = new StringBuilder();
    for (long i = 5000; i > 0; i--) {
      text.append(String.format("%x-%x : System RAM\n", i << 20, (i << 20) + 0xfffff));
      text.append(String.format("  %x-%x : reserved\n", i << 20, (i << 20) + 0xfff));
    }
    Iomem iomem = Iomem.parse(text.toString());

    assertThat(iomem.systemRam()).hasSize(5000);
    assertThat(iomem.freeEstimate()).hasSize(5000);
    assertThat(iomem.warnings()).hasSize(1);
  }

  @Test
  void recordsCheckTheirOrder() {
    Resource low = new Resource(new PhysRange(0, 0x1000), "low", List.of());
    Resource high = new Resource(new PhysRange(0x1000, 0x2000), "high", List.of());

    assertThatIllegalArgumentException().isThrownBy(() -> new Iomem(List.of(high, low), List.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Resource(low.range(), "outside", List.of(high)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Resource(new PhysRange(0, 0x2000), "mess", List.of(high, low)));
  }

  private static Reason reasonOf(String text) {
    return catchThrowableOfType(KexecException.class, () -> Iomem.parse(text)).reason();
  }
}
