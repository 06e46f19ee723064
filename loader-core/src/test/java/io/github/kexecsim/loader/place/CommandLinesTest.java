package io.github.kexecsim.loader.place;

import static io.github.kexecsim.loader.place.TestMachines.MIB;
import static io.github.kexecsim.loader.place.TestMachines.mib;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What loaders put in front of a command line, and how long it may be then. */
class CommandLinesTest {
  /**
   * The longest line in bytes: 1024 with the NUL and {@code elfcorehdr=0xNNNNNNN } on riscv64, 4096
   * with the NUL and {@code kexec_file } on loongarch64, cmdline_size (2047) without the NUL and
   * the 30 bytes kept for elfcorehdr on x86_64.
   */
  @ParameterizedTest
  @CsvSource({
    "RISCV64,     CRASH,   1002",
    "LOONGARCH64, DEFAULT, 4084",
    "X86_64,      DEFAULT, 2016",
    "X86_64,      CRASH,   2016"
  })
  void theLongestLineIsTakenAndOneByteMoreIsNot(
      Architecture architecture, LoadType type, int longest) {
    PlacedLoad placed = TestMachines.place(request(architecture, type, "x".repeat(longest)));
    assertThat(placed.commandLine()).endsWith("x".repeat(longest));

    assertThat(refusal(request(architecture, type, "x".repeat(longest + 1))).reason())
        .isEqualTo(Reason.COMMAND_LINE_TOO_LONG);
  }

  /** Bytes count, not characters: they are UTF-8 in memory. */
  @Test
  void aCharacterMayTakeSeveralBytes() {
    String line = "\u00e4".repeat(1008);

    assertThat(
            TestMachines.place(request(Architecture.X86_64, LoadType.DEFAULT, line)).commandLine())
        .isEqualTo(line);
    assertThat(refusal(request(Architecture.X86_64, LoadType.DEFAULT, line + "x")).reason())
        .isEqualTo(Reason.COMMAND_LINE_TOO_LONG);
  }

  private static PlacementRequest request(
      Architecture architecture, LoadType type, String commandLine) {
    Machine machine =
        TestMachines.of(
            architecture,
            TestMachines.LINUX_7_2,
            4096,
            List.of(mib(32, 255)),
            Optional.of(mib(128, 255)));
    return new PlacementRequest(
        machine, TestImages.plain(architecture, MIB, MIB), Optional.empty(), commandLine, type, 0);
  }

  private static KexecException refusal(PlacementRequest request) {
    return catchThrowableOfType(KexecException.class, () -> TestMachines.place(request));
  }

  /** An empty line has not even a NUL there ({@code cmdline_len} is 0). */
  @Test
  void x86KeepsNoRoomForAnEmptyLine() {
    assertThat(paramsSize("x") - paramsSize("")).isEqualTo(0);
    assertThat(paramsSize("xx") - paramsSize("")).isEqualTo(16);
  }

  private static long paramsSize(String commandLine) {
    return segment(
            TestMachines.place(request(Architecture.X86_64, LoadType.DEFAULT, commandLine)),
            SegmentRole.BOOT_PARAMS)
        .bufsz();
  }

  @Test
  void loongArch64TellsOfTheInitrd() {
    PlacedLoad placed = loongArch64(LoadType.DEFAULT);

    KexecSegment initrd = segment(placed, SegmentRole.INITRD);
    assertThat(placed.commandLine())
        .isEqualTo(String.format("kexec_file initrd=0x%x,0xc0001 quiet", initrd.mem()));
  }

  /** Both crash regions, then elfcorehdr, then the initrd: the order of its segments. */
  @Test
  void loongArch64TellsACrashKernelOfItsMemory() {
    PlacedLoad placed = loongArch64(LoadType.CRASH);

    KexecSegment core = segment(placed, SegmentRole.ELFCOREHDR);
    KexecSegment initrd = segment(placed, SegmentRole.INITRD);
    assertThat(placed.commandLine())
        .isEqualTo(
            String.format(
                "kexec_file mem=0x10000000@0x140000000 mem=0x8000000@0x8000000"
                    + " elfcorehdr=0x%x@0x%x initrd=0x%x,0xc0001 quiet",
                core.bufsz(), core.mem(), initrd.mem()));
  }

  private static PlacedLoad loongArch64(LoadType type) {
    Machine machine =
        new MachineBuilder(Architecture.LOONGARCH64)
            .kernelVersion(TestMachines.LINUX_7_2)
            .memblock(
                Memblock.parse(
                    """
                       0: 0x0000000000200000..0x000000000fffffff    0 NONE
                       1: 0x0000000100000000..0x000000017fffffff    0 NONE
                    """,
                    ""))
            .iomem(
                Iomem.parse(
                    """
                    00200000-0fffffff : System RAM
                      08000000-0fffffff : Crash kernel
                    100000000-17fffffff : System RAM
                      140000000-14fffffff : Crash kernel
                    """))
            .build();
    return TestMachines.place(
        TestMachines.request(
            machine, TestImages.loongArch64(MIB, 2 * MIB, 0x20_0000), 0xc0001, type));
  }

  private static KexecSegment segment(PlacedLoad placed, SegmentRole role) {
    return placed.segments().stream().filter(s -> s.role() == role).findFirst().orElseThrow();
  }
}
