package io.github.kexecsim.loader.place;

import static io.github.kexecsim.loader.place.TestMachines.MIB;
import static io.github.kexecsim.loader.place.TestMachines.mib;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The errno and the reason of loads that the kernel refuses. */
class PlacementRefusalsTest {
  private static final List<PhysRange> RAM = List.of(mib(32, 512));

  @ParameterizedTest
  @EnumSource
  void anEmptyKernelCannotBeRead(Architecture architecture) {
    KexecException refusal = refusal(architecture, FileContent.ofSize(0), Optional.empty());

    assertThat(refusal.reason()).isEqualTo(Reason.TRUNCATED);
    assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
  }

  @ParameterizedTest
  @EnumSource
  void anEmptyInitrdCannotBeRead(Architecture architecture) {
    KexecException refusal =
        refusal(
            architecture,
            TestImages.plain(architecture, MIB, MIB),
            Optional.of(FileContent.ofSize(0)));

    assertThat(refusal.reason()).isEqualTo(Reason.TRUNCATED);
    assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
  }

  @ParameterizedTest
  @EnumSource
  void aFileAboveFourGibibytesIsNotRead(Architecture architecture) {
    KexecException refusal =
        refusal(
            architecture,
            TestImages.plain(architecture, MIB, MIB),
            Optional.of(FileContent.ofSize((4L << 30) + 1)));

    assertThat(refusal.reason()).isEqualTo(Reason.FILE_TOO_LARGE);
    assertThat(refusal.errno()).isEqualTo(Errno.EFBIG);
  }

  @ParameterizedTest
  @EnumSource
  void aFileOfFourGibibytesIsRead(Architecture architecture) {
    PlacementRequest request =
        TestMachines.request(
            TestMachines.of(architecture, List.of(mib(32, 8192))),
            TestImages.plain(architecture, MIB, MIB),
            4L << 30,
            LoadType.DEFAULT);

    assertThat(TestMachines.place(request).segments())
        .anyMatch(segment -> segment.bufsz() == 4L << 30);
  }

  @ParameterizedTest
  @EnumSource
  void theKernelIsProbedBeforeTheInitrdIsRead(Architecture architecture) {
    FileContent noKernel = FileContent.of(ByteView.of(new byte[2048]));
    // Version 0 of a riscv64 header has no magic that could be missing.
    Reason expected =
        architecture == Architecture.RISCV64 ? Reason.TRUNCATED : Reason.UNKNOWN_FORMAT;

    KexecException refusal = refusal(architecture, noKernel, Optional.of(FileContent.ofSize(0)));

    assertThat(refusal.reason()).isEqualTo(expected);
  }

  /** The kernel tries the next hole after every failure, and so ends with no hole. */
  @Test
  void anUnfitDeviceTreeOfArm64EndsAsNoHole() {
    byte[] tree =
        new FdtBuilder().beginNode("chosen").u64("linux,initrd-start", 0x1000).endNode().build();
    Machine machine =
        new MachineBuilder(Architecture.ARM64)
            .memblock(Memblock.parse("   0: 0x40000000..0x7fffffff    0 NONE\n", ""))
            .deviceTree(ByteView.of(tree))
            .build();

    KexecException refusal =
        refusal(TestMachines.request(machine, TestImages.arm64(MIB, MIB, 0, 0), LoadType.DEFAULT));

    assertThat(refusal.reason()).isEqualTo(Reason.BAD_DEVICE_TREE);
    assertThat(refusal.errno()).isEqualTo(Errno.EADDRNOTAVAIL);
  }

  @Test
  void aCommandLineTooLongForLoongArchEndsAsNoHole() {
    KexecException refusal = overlong(Architecture.LOONGARCH64, 4096, LoadType.DEFAULT);

    assertThat(refusal.reason()).isEqualTo(Reason.COMMAND_LINE_TOO_LONG);
    assertThat(refusal.errno()).isEqualTo(Errno.EADDRNOTAVAIL);
  }

  @Test
  void aCommandLineTooLongForRiscvOrX86IsInvalid() {
    for (KexecException refusal :
        List.of(
            overlong(Architecture.RISCV64, 1024, LoadType.CRASH),
            overlong(Architecture.X86_64, 2047 - 30, LoadType.DEFAULT))) {
      assertThat(refusal.reason()).isEqualTo(Reason.COMMAND_LINE_TOO_LONG);
      assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
    }
  }

  @Test
  void aBzImageThatTakesNoCommandLineAtAllIsDamaged() {
    Machine machine = TestMachines.of(Architecture.X86_64, RAM);
    FileContent plain = TestImages.plain(Architecture.X86_64, MIB, 2 * MIB);
    for (int room : new int[] {0, 29, 30}) {
      byte[] header = plain.known().toByteArray();
      ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putInt(0x238, room);
      FileContent kernel = new FileContent(ByteView.of(header), plain.size());
      for (String line : List.of("", "quiet")) {
        PlacementRequest request =
            new PlacementRequest(machine, kernel, Optional.empty(), line, LoadType.DEFAULT, 0);
        if (room == 30 && line.isEmpty()) {
          assertThat(TestMachines.place(request).segments()).isNotEmpty();
        } else {
          KexecException refusal = refusal(request);
          assertThat(refusal.reason())
              .isEqualTo(room < 30 ? Reason.BAD_HEADER : Reason.COMMAND_LINE_TOO_LONG);
          assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
        }
      }
    }
  }

  private static KexecException overlong(Architecture architecture, int length, LoadType type) {
    Machine machine =
        TestMachines.of(
            architecture, TestMachines.LINUX_7_2, 4096, RAM, Optional.of(mib(128, 256)));
    return refusal(
        new PlacementRequest(
            machine,
            TestImages.plain(architecture, MIB, MIB),
            Optional.empty(),
            "x".repeat(length),
            type,
            0));
  }

  @ParameterizedTest
  @EnumSource
  void aCrashLoadNeedsACrashRegion(Architecture architecture) {
    KexecException refusal =
        refusal(
            TestMachines.request(
                TestMachines.of(architecture, RAM),
                TestImages.plain(architecture, MIB, MIB),
                LoadType.CRASH));

    assertThat(refusal.reason()).isEqualTo(Reason.NO_CRASH_REGION);
    assertThat(refusal.errno()).isEqualTo(Errno.EADDRNOTAVAIL);
  }

  /** Too little image_size is found only when everything has its place. */
  @ParameterizedTest
  @EnumSource
  void anImageSizeBelowTheFileIsRefusedAfterTheSearch(Architecture architecture) {
    FileContent kernel = TestImages.plain(architecture, 4 * MIB, MIB);
    Machine roomy = TestMachines.of(architecture, RAM);
    PlacedLoad placed =
        Placement.of(architecture).load(TestMachines.request(roomy, kernel, LoadType.DEFAULT));

    KexecException checked =
        catchThrowableOfType(
            KexecException.class,
            () -> SegmentRules.check(roomy, LoadType.DEFAULT, placed.segments()));
    assertThat(checked.reason()).isEqualTo(Reason.BAD_SEGMENT);
    assertThat(checked.errno()).isEqualTo(Errno.EINVAL);

    assertThat(refusal(TestMachines.request(roomy, kernel, LoadType.DEFAULT)).reason())
        .isEqualTo(Reason.BAD_SEGMENT);

    Machine tight = TestMachines.of(architecture, List.of(new PhysRange(0, 0x2000)));
    assertThat(refusal(TestMachines.request(tight, kernel, LoadType.DEFAULT)).reason())
        .isEqualTo(Reason.NO_ROOM);
  }

  private static KexecException refusal(
      Architecture architecture, FileContent kernel, Optional<FileContent> initrd) {
    return refusal(
        new PlacementRequest(
            TestMachines.of(architecture, RAM), kernel, initrd, "", LoadType.DEFAULT, 0));
  }

  private static KexecException refusal(PlacementRequest request) {
    return catchThrowableOfType(KexecException.class, () -> TestMachines.place(request));
  }
}
