package io.github.kexecsim.loader.place;

import static io.github.kexecsim.loader.place.TestMachines.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.BootLog;
import io.github.kexecsim.loader.memory.Iomem;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The boot_params that the next kernel gets, read as it reads them. */
class BootParamsTest {
  private static final String IOMEM =
      """
      00000000-00000fff : Reserved
      00001000-0009fbff : System RAM
      00100000-7ffdefff : System RAM
        30000000-3fffffff : Crash kernel
      7ffdf000-7fffffff : Reserved
      100000000-27fffffff : System RAM
      """;
  private static final String E820 =
      """
      BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
      BIOS-e820: [mem 0x0000000000100000-0x000000007ffdefff] usable
      BIOS-e820: [mem 0x000000007ffdf000-0x000000007fffffff] reserved
      BIOS-e820: [mem 0x0000000100000000-0x000000027fffffff] usable
      """;
  private static final FileContent KERNEL = TestImages.x86(10 * MIB, 30 * MIB, 2 * MIB, 16 * MIB);
  private static final long INITRD_SIZE = 1_234_567;

  private final Machine machine = machine(E820);

  @Test
  void theSetupHeaderIsTheImagesUpToItsEnd() {
    ByteView params = params(LoadType.DEFAULT);
    int end = 0x202 + 0x6a;

    for (int at = 0x1f1; at < end; at++) {
      boolean filledIn =
          at == 0x210
              || at == 0x211
              || at >= 0x218 && at < 0x220
              || at >= 0x228 && at < 0x22c
              || at >= 0x250 && at < 0x258;
      if (!filledIn) {
        assertThat(params.u8(at)).as("offset 0x%x", at).isEqualTo(KERNEL.known().u8(at));
      }
    }
    assertThat(params.u8(0x210)).isEqualTo(0xd0);
    assertThat(params.u8(0x211)).isZero();
  }

  @Test
  void pointsAtCommandLineAndInitrd() {
    PlacedLoad placed = placed(LoadType.DEFAULT);
    KexecSegment segment = segment(placed, SegmentRole.BOOT_PARAMS);
    ByteView params = segment.content().orElseThrow();

    long commandLine = params.u32le(0x228) | params.u32le(0xc8) << 32;
    assertThat(params.cString(commandLine - segment.mem(), 100)).isEqualTo("root=/dev/vda quiet");
    KexecSegment initrd = segment(placed, SegmentRole.INITRD);
    assertThat(initrd.mem()).isGreaterThan(1L << 32);
    assertThat(params.u32le(0x218) | params.u32le(0xc0) << 32).isEqualTo(initrd.mem());
    assertThat(params.u32le(0x21c) | params.u32le(0xc4) << 32).isEqualTo(INITRD_SIZE);
  }

  @Test
  void seedsTheNextKernelsRng() {
    KexecSegment segment = segment(placed(LoadType.DEFAULT), SegmentRole.BOOT_PARAMS);
    ByteView params = segment.content().orElseThrow();

    long setupData = params.u64le(0x250) - segment.mem();
    assertThat(params.u64le(setupData)).isZero();
    assertThat(params.u32le(setupData + 8)).isEqualTo(9);
    assertThat(params.u32le(setupData + 12)).isEqualTo(32);
    assertThat(setupData + 16 + 32).isEqualTo(params.size());
    assertThat(params.u64le(setupData + 16)).isNotZero();
  }

  @Test
  void handsOverTheFirmwaresMemoryTable() {
    ByteView params = params(LoadType.DEFAULT);

    assertThat(table(params))
        .isEqualTo(
            """
            0-9fc00 1
            100000-7ffdf000 1
            7ffdf000-80000000 2
            100000000-280000000 1
            """);
    assertThat(params.u32le(0x1e0)).isEqualTo((0x7ffdefffL >> 10) - 1024);
    assertThat(params.u16le(0x02)).isEqualTo(0xfc00);
  }

  @Test
  void tellsACrashKernelOfItsOwnMemory() {
    ByteView params = params(LoadType.CRASH);

    assertThat(table(params))
        .isEqualTo(
            """
            1000-9fc00 1
            0-1000 2
            7ffdf000-80000000 2
            300e00b0-40000000 1
            """);
    assertThat(params.cString(4096, 100)).isEqualTo("elfcorehdr=0x30000000 root=/dev/vda quiet");
  }

  @Test
  void theZeroPageTakes128Entries() {
    String many =
        IntStream.range(0, 200)
            .mapToObj(
                i -> String.format("BIOS-e820: [mem 0x%x-0x%x] usable\n", i << 20, i * MIB + 9))
            .collect(Collectors.joining());
    PlacedLoad placed =
        TestMachines.place(TestMachines.request(machine(many), KERNEL, LoadType.DEFAULT));

    ByteView params = segment(placed, SegmentRole.BOOT_PARAMS).content().orElseThrow();
    assertThat(placed.e820()).hasSize(128);
    assertThat(params.u8(0x1e8)).isEqualTo(128);
  }

  /** The map is copied in behind the command line, in whole 16 bytes. */
  @Test
  void keepsRoomForTheEfiRuntimeMap() {
    long without = segment(placed(machine), SegmentRole.BOOT_PARAMS).bufsz();
    long with =
        segment(placed(builder(E820).efiRuntimeMapSize(0x1f1).build()), SegmentRole.BOOT_PARAMS)
            .bufsz();

    assertThat(with - without).isEqualTo(0x200);
  }

  /** A range that begins above the first MiB says nothing of what lies right behind it. */
  @Test
  void tellsOfTheMemoryRightBehindTheFirstMib() {
    String above =
        """
        BIOS-e820: [mem 0x0000000000001000-0x00000000000fffff] usable
        BIOS-e820: [mem 0x0000000000101000-0x000000007fffffff] usable
        """;
    String from =
        """
        BIOS-e820: [mem 0x0000000000100000-0x0000000000101fff] usable
        BIOS-e820: [mem 0x0000000000200000-0x000000007fffffff] usable
        """;

    assertThat(extMemK(above)).isZero();
    assertThat(extMemK(from)).isEqualTo(7);
  }

  private static int extMemK(String e820) {
    return segment(placed(machine(e820)), SegmentRole.BOOT_PARAMS)
        .content()
        .orElseThrow()
        .u16le(0x02);
  }

  private static PlacedLoad placed(Machine machine) {
    return TestMachines.place(TestMachines.request(machine, KERNEL, LoadType.DEFAULT));
  }

  private ByteView params(LoadType type) {
    return segment(placed(type), SegmentRole.BOOT_PARAMS).content().orElseThrow();
  }

  private PlacedLoad placed(LoadType type) {
    return TestMachines.place(
        new PlacementRequest(
            machine,
            KERNEL,
            Optional.of(FileContent.ofSize(INITRD_SIZE)),
            "root=/dev/vda quiet",
            type,
            5));
  }

  private static Machine machine(String e820) {
    return builder(e820).build();
  }

  private static MachineBuilder builder(String e820) {
    return new MachineBuilder(Architecture.X86_64)
        .iomem(Iomem.parse(IOMEM))
        .bootLog(BootLog.parse(e820));
  }

  private static KexecSegment segment(PlacedLoad placed, SegmentRole role) {
    return placed.segments().stream().filter(s -> s.role() == role).findFirst().orElseThrow();
  }

  private static String table(ByteView params) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < params.u8(0x1e8); i++) {
      ByteView entry = params.slice(0x2d0 + 20L * i, 20);
      long start = entry.u64le(0);
      text.append(String.format("%x-%x %x\n", start, start + entry.u64le(8), entry.u32le(16)));
    }
    return text.toString();
  }
}
