package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BootLogTest {
  private static final String E820 =
      """
      [    0.000000] Linux version 6.12.57
      [    0.000000] BIOS-provided physical RAM map:
      [    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
      [    0.000000] BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved
      [    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000003ffdefff] usable
      [    0.000000] BIOS-e820: [mem 0x000000003ffdf000-0x000000003fffffff] ACPI NVS
      """;

  private static final String EFI_X86 =
      """
      [    0.000000] efi: EFI v2.7 by EDK II
      [    0.000000] efi: mem00: [Boot Code   |   |  |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC] range=[0x0000000000000000-0x0000000000000fff] (0MB)
      [    0.000000] efi: mem01: [Conventional|   |  |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC] range=[0x0000000000001000-0x000000000009ffff] (0MB)
      [    0.000000] efi: mem02: [Runtime Data|RUN|  |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC] range=[0x000000007ec00000-0x000000007effffff] (4MB)
      [    0.000000] efi: mem03: [Conventional|   |  |  |  |SP|  |  |  |  |  |   |WB|WT|WC|UC] range=[0x0000000100000000-0x000000013fffffff] (1024MB)
      [    0.000000] efi: mem04: [type=2147483648|attr=0x800000000000000f] range=[0x0000000200000000-0x000000023fffffff] (1024MB)
      [    0.000000] efi: mem05: [MMIO        |RUN|  |  |  |  |  |  |  |  |  |   |  |  |  |UC] range=[0x00000000ffc00000-0x00000000ffffffff] (4MB)
      """;

  private static final String EFI_ARM64 =
      """
      [    0.000000] efi: Processing EFI memory map:
      [    0.000000] efi:   0x000004000000-0x000007ffffff [MMIO        |RUN|  |  |  |  |  |  |  |  |  |   |  |  |  |UC]
      [    0.000000] efi:   0x000040000000-0x00004fffffff [Conventional|   |  |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC]
      [    0.000000] efi:   0x000050000000-0x0000500fffff [Loader Data |   |  |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC]
      [    0.000000] efi:   0x000050100000-0x0000501fffff [ACPI Reclaim Memory|   |  |  |  |  |  |  |   |WB|WT|WC|UC]*
      """;

  @TestFactory
  Stream<DynamicTest> readsEveryRecordedMachine() {
    return RecordedMachine.with("boot_log_e820").stream()
        .map(recorded -> DynamicTest.dynamicTest(recorded.name(), () -> checkRecorded(recorded)));
  }

  private static void checkRecorded(RecordedMachine recorded) {
    BootLog log = BootLog.parse(recorded.text("boot_log_e820"));
    assertThat(log.warnings()).isEmpty();
    assertThat(log.e820Tables()).hasSize(1);

    List<PhysRange> ram = log.systemRam();
    List<PhysRange> registered = recorded.iomem().systemRam();
    // The kernel takes the first page away, and splits entries at its setup_data.
    assertThat(PhysRangeSet.of(ram).subtract(PhysRangeSet.of(registered)))
        .isEqualTo(PhysRangeSet.of(new PhysRange(0, 0x1000)));
    assertThat(PhysRangeSet.of(registered).subtract(PhysRangeSet.of(ram)).ranges()).isEmpty();

    int compared = 0;
    for (JsonElement element : recorded.loads()) {
      JsonObject load = element.getAsJsonObject();
      if (load.has("e820") && load.get("type").getAsString().equals("default")) {
        assertThat(log.firmwareE820().orElseThrow().entries())
            .isEqualTo(entries(load.getAsJsonArray("e820")));
        compared++;
      }
    }
    assertThat(compared).as("tables handed over").isPositive();
  }

  private static List<E820Entry> entries(JsonArray handedOver) {
    List<E820Entry> entries = new ArrayList<>();
    for (JsonElement element : handedOver) {
      JsonArray entry = element.getAsJsonArray();
      entries.add(
          new E820Entry(
              PhysRange.ofInclusive(
                  Long.decode(entry.get(0).getAsString()), Long.decode(entry.get(1).getAsString())),
              entry.get(2).getAsLong()));
    }
    return entries;
  }

  @Test
  void readsAllTypesInBothWordings() {
    String log =
        """
        BIOS-e820: [mem 0x0000000000001000-0x0000000000001fff] usable
        BIOS-e820: [mem 0x0000000000002000-0x0000000000002fff] reserved
        BIOS-e820: [mem 0x0000000000003000-0x0000000000003fff] ACPI data
        BIOS-e820: [mem 0x0000000000004000-0x0000000000004fff] ACPI NVS
        BIOS-e820: [mem 0x0000000000005000-0x0000000000005fff] unusable
        BIOS-e820: [mem 0x0000000000006000-0x0000000000006fff] type 20
        BIOS-e820: [mem 0x0000000000007000-0x0000000000007fff] persistent (type 7)
        BIOS-e820: [mem 0x0000000000008000-0x0000000000008fff] soft reserved
        BIOS-e820: [mem 0x0000000000009000-0x0000000000009fff]  System RAM
        BIOS-e820: [gap 0x000000000000a000-0x000000000000afff]
        BIOS-e820: [mem 0x000000000000b000-0x000000000000bfff]  device reserved
        BIOS-e820: [mem 0x000000000000c000-0x000000000000cfff]  persistent RAM (type 12)
        """;

    assertThat(BootLog.parse(log).firmwareE820().orElseThrow().entries())
        .extracting(E820Entry::type)
        .containsExactly(
            E820Entry.RAM,
            E820Entry.RESERVED,
            E820Entry.ACPI,
            E820Entry.NVS,
            E820Entry.UNUSABLE,
            20L,
            E820Entry.PMEM,
            E820Entry.SOFT_RESERVED,
            E820Entry.RAM,
            E820Entry.RESERVED,
            E820Entry.PRAM);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<6>[    0.000000] ",
        "[    0.000000][    T0] ",
        "Nov 20 08:00:00 host kernel: ",
        "kern  :info  : [Thu Nov 20 08:00:00 2025] ",
      })
  void takesAnyPrefix(String prefix) {
    String log = E820.replace("[    0.000000] ", prefix).replace("\n", " \r\n");

    assertThat(BootLog.parse(log)).isEqualTo(BootLog.parse(E820));
  }

  @Test
  void readsTheMapOfX86() {
    BootLog log = BootLog.parse(EFI_X86);

    assertThat(log.efiMemoryMap())
        .extracting(EfiMemoryDesc::type)
        .containsExactly(3L, 7L, 6L, 11L, 7L, 0x8000_0000L);
    assertThat(log.efiMemoryMap())
        .extracting(EfiMemoryDesc::attribute)
        .containsExactly(
            0xfL,
            0xfL,
            EfiMemoryDesc.RUNTIME | 0xf,
            EfiMemoryDesc.RUNTIME | 1,
            EfiMemoryDesc.SP | 0xf,
            EfiMemoryDesc.RUNTIME | 0xf);
    assertThat(log.systemRam()).containsExactly(new PhysRange(0, 0xa_0000));
    assertThat(log.firmwareE820()).isEmpty();
    assertThat(log.warnings()).isEmpty();
  }

  @Test
  void readsTheMapOfTheOthers() {
    BootLog log = BootLog.parse(EFI_ARM64);

    assertThat(log.efiMemoryMap()).extracting(EfiMemoryDesc::type).containsExactly(11L, 7L, 2L, 9L);
    assertThat(log.systemRam()).containsExactly(new PhysRange(0x4000_0000L, 0x5010_0000L));
  }

  @Test
  void readsExclusiveEndsOfOlderKernels() {
    BootLog log =
        BootLog.parse(
            "[    0.000000] efi: mem00: type=7, attr=0xf,"
                + " range=[0x0000000000001000-0x00000000000a0000) (0MB)\n"
                + "[    0.000000] efi: mem01: [Conventional Memory|   |  |  |  |   |WB|WT|WC|UC]"
                + " range=[0x0000000000100000-0x0000000000200000) (1MB)\n");

    assertThat(log.systemRam())
        .containsExactly(new PhysRange(0x1000, 0xa_0000), new PhysRange(0x10_0000, 0x20_0000));
  }

  @Test
  void readsOnlyTheFirstEfiMap() {
    String later = EFI_X86.replace("Conventional", "Runtime Code");

    assertThat(BootLog.parse(EFI_X86 + "efi: EFI runtime memory map:\n" + later))
        .isEqualTo(BootLog.parse(EFI_X86));
  }

  @Test
  void passesInvalidEfiEntriesBy() {
    String invalid =
        "efi: mem07: [Reserved    |   |  |  |  |  |  |  |  |  |  |   |  |  |  |  ]"
            + " range=[0x0000000000000000-0x1ffffffffffffffff] (invalid)\n";

    assertThat(BootLog.parse(invalid + EFI_X86)).isEqualTo(BootLog.parse(EFI_X86));
  }

  @Test
  void prefersE820ToEfi() {
    BootLog both = BootLog.parse(EFI_X86 + E820);

    assertThat(both.systemRam()).isEqualTo(BootLog.parse(E820).systemRam());
    assertThat(both.efiMemoryMap()).isEqualTo(BootLog.parse(EFI_X86).efiMemoryMap());
  }

  @Test
  void takesRamFromTheLastTableAndEntriesFromTheFirst() {
    BootLog log =
        BootLog.parse(
            E820
                + """
                [    0.000000] e820: update [mem 0x00000000-0x00000fff] usable ==> reserved
                [    0.000000] user-defined physical RAM map:
                [    0.000000] user: [mem 0x0000000000100000-0x0000000020000fff] usable
                [    0.000000] modified physical RAM map:
                [    0.000000] modified: [mem 0x0000000000100000-0x000000001fffffff] usable
                [    0.000000] modified: [mem 0x0000000020000000-0x0000000020000fff] usable
                """);

    assertThat(log.e820Tables())
        .extracting(E820Table::who)
        .containsExactly("BIOS-e820", "user", "modified");
    assertThat(log.systemRam())
        .containsExactly(
            new PhysRange(0x10_0000, 0x2000_0000), new PhysRange(0x2000_0000, 0x2000_1000));
    assertThat(log.firmwareE820().orElseThrow().entries()).hasSize(4);
    assertThat(log.warnings()).hasSize(1);
  }

  @Test
  void readsAStateThatIsPrintedTwice() {
    BootLog log =
        BootLog.parse(
            E820
                + "modified: [mem 0x1000-0x1fff] usable\nmodified: [mem 0x3000-0x3fff] usable\n"
                + "modified: [mem 0x1000-0x1fff] reserved\nmodified: [mem 0x3000-0x3fff] usable\n");

    assertThat(log.e820Tables()).hasSize(3);
    assertThat(log.systemRam()).containsExactly(new PhysRange(0x3000, 0x4000));
  }

  @Test
  void countsRepeatedLinesAndTablesOnce() {
    String stuttering = E820.replaceAll("(?m)^(.*)$", "$1\n$1");

    BootLog log = BootLog.parse(stuttering + E820);
    assertThat(log.e820Tables()).isEqualTo(BootLog.parse(E820).e820Tables());
    assertThat(log.warnings()).hasSize(2);

    BootLog efi = BootLog.parse(EFI_X86.replaceAll("(?m)^(.*)$", "$1\n$1"));
    assertThat(efi.efiMemoryMap()).isEqualTo(BootLog.parse(EFI_X86).efiMemoryMap());

    BootLog arm64 = BootLog.parse(EFI_ARM64 + EFI_ARM64);
    assertThat(arm64.efiMemoryMap()).isEqualTo(BootLog.parse(EFI_ARM64).efiMemoryMap());
  }

  @Test
  void saysThatTheFirmwaresTableIsMissing() {
    BootLog log = BootLog.parse("modified: [mem 0x1000-0x1fff] usable\n");

    assertThat(log.warnings()).hasSize(1);
    assertThat(log.systemRam()).hasSize(1);
  }

  @Test
  void leavesOutWhatIsBeyondTheLimitAndNoMemory() {
    BootLog log =
        BootLog.parse(
            E820
                + "BIOS-e820: [mem 0x00fd000000000000-0x00ffffffffffffff] reserved\n"
                + EFI_ARM64
                + "efi:   0x00fd000000000000-0x00ffffffffffffff [MMIO|RUN|   |  |  |  |UC]\n");

    assertThat(log.firmwareE820().orElseThrow().entries()).hasSize(4);
    assertThat(log.efiMemoryMap()).hasSize(4);
    assertThat(log.warnings()).hasSize(1);
  }

  /** One oddity each, so that each has to be told. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "BIOS-e820: [mem 0x1000-0x1fff] usable\n"
            + "BIOS-e820: [mem 0x00fd000000000000-0x00ffffffffffffff] reserved\n",
        "BIOS-e820: [mem 0x1000-0x1fff] usable\nBIOS-e820: [mem 0x1000-0x1fff] usable\n",
        "efi:   0x1000-0x1fff [Conventional|WB]\n"
            + "efi:   0x00fd000000000000-0x00ffffffffffffff [MMIO|UC]\n",
        "efi:   0x1000-0x1fff [Conventional|WB]\nefi:   0x1000-0x1fff [Conventional|WB]\n",
        "efi:   0x1000-0x1fff [Conventional|WB|ODD]\n",
        "efi: mem00: [Conventional|WB] range=[0x1000-0x1fff] (0MB)\n"
            + "efi: mem00: [Conventional|WB] range=[0x1000-0x1fff] (0MB)\n",
      })
  void tellsWhatIsOdd(String log) {
    assertThat(BootLog.parse(log).warnings()).hasSize(1);
    assertThat(BootLog.parse(log).systemRam()).containsExactly(new PhysRange(0x1000, 0x2000));
  }

  @Test
  void typesHave32Bits() {
    assertThat(
            BootLog.parse("BIOS-e820: [mem 0x1000-0x1fff] type 4294967295\n")
                .firmwareE820()
                .orElseThrow()
                .entries())
        .extracting(E820Entry::type)
        .containsExactly(0xffff_ffffL);
    assertThat(BootLog.parse("efi:   0x1000-0x1fff [type=4294967295|WB]\n").efiMemoryMap())
        .extracting(EfiMemoryDesc::type)
        .containsExactly(0xffff_ffffL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[    0.000000] Linux version 6.12.57\n[    0.000000] node   0: [mem 0x1000-0x1fff]\n",
        "BIOS-e820: [mem 0x0000000000000000-0x0000000000\n",
        "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]\n",
        "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] edible\n",
        "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] type 4294967296\n",
        "BIOS-e820: [mem 0x2000-0x1fff] usable\n",
        "BIOS-e820: [mem 0x0-0xffffffffffffffff] usable\n",
        "BIOS-e820: [mem 0x1000-0x1fff] usable\nBIOS-e820: [mem 0x1800-0x27ff] usable\n",
        "BIOS-e820: [mem 0x1000-0x1fff] usable\nBIOS-e820: [mem 0x1000-0x27ff] usable\n",
        "BIOS-e820: [mem 0x1000-0x1fff] usable\nBIOS-e820: [mem 0x0-0xfff] usable\n",
        "efi: mem01: [Conventional|WB] range=[0x1000-0x1fff] (0MB)\n",
        "efi: mem00: [Conventional|WB] range=[0x1000-0x1f\n",
        "efi: mem00: [Edible|WB] range=[0x1000-0x1fff] (0MB)\n",
        "efi: mem00: [type=4294967296|WB] range=[0x1000-0x1fff] (0MB)\n",
        "efi: mem00: [Conventional|WB] range=[0x1000-0xffffffffffffffff] (0MB)\n",
        "efi: mem00: [Conventional|WB] range=[0x1000-0x1000) (0MB)\n",
        "efi: mem00: [Conventional|WB] range=[0x1000-0x1fff] (0MB)\n"
            + "efi: mem02: [Conventional|WB] range=[0x2000-0x2fff] (0MB)\n",
        "efi:   0x000004000000-0x000007ffffff [MMIO        |RUN|  |\n",
        "efi:   0x1000-0x1fff [Conventional|WB]\nefi:   0x1800-0x2fff [Conventional|WB]\n",
      })
  void refusesWhatIsNoMap(String log) {
    KexecException refusal = catchThrowableOfType(KexecException.class, () -> BootLog.parse(log));

    assertThat(refusal.reason()).isEqualTo(Reason.BAD_MEMORY_MAP);
  }

  @Test
  void honoursTheLimitOfLines() {
    assertThat(BootLog.parse(E820, Limits.DEFAULT.with(Limit.RANGES, 6)))
        .isEqualTo(BootLog.parse(E820));
    KexecException refusal =
        catchThrowableOfType(
            KexecException.class, () -> BootLog.parse(E820, Limits.DEFAULT.with(Limit.RANGES, 5)));
    assertThat(refusal.reason()).isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void readsTenThousandEntriesAndALongLine() {
    StringBuilder log = new StringBuilder("mem00: [".repeat(50_000)).append('\n');
    for (int i = 0; i < 10_000; i++) {
      log.append(String.format("BIOS-e820: [mem 0x%x-0x%x] usable\n", i * 8192L, i * 8192L + 4095));
    }
    KexecException refusal =
        catchThrowableOfType(KexecException.class, () -> BootLog.parse(log.toString()));
    assertThat(refusal.reason()).isEqualTo(Reason.BAD_MEMORY_MAP);

    assertThat(BootLog.parse(log.substring(log.indexOf("\n"))).systemRam()).hasSize(10_000);
  }

  @Test
  void recordsCheckTheirOrder() {
    E820Entry low = new E820Entry(new PhysRange(0, 0x1001), E820Entry.RAM);
    E820Entry high = new E820Entry(new PhysRange(0x1000, 0x2000), E820Entry.RAM);
    EfiMemoryDesc desc = new EfiMemoryDesc(low.range(), EfiMemoryDesc.CONVENTIONAL, 0);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> new E820Table("BIOS-e820", List.of(low, high)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BootLog(List.of(), List.of(desc, desc), List.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> new E820Entry(low.range(), 1L << 32));
    assertThatIllegalArgumentException().isThrownBy(() -> new EfiMemoryDesc(low.range(), -1, 0));
  }
}
