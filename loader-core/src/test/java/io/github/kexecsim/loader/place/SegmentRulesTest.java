package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SegmentRulesTest {
  private static final Machine MACHINE =
      TestMachines.of(
          Architecture.ARM64,
          TestMachines.LINUX_7_2,
          65536,
          List.of(TestMachines.mib(0, 64)),
          Optional.of(TestMachines.mib(16, 32)));

  @Test
  void acceptsWholePagesApart() {
    assertThatCode(
            () ->
                SegmentRules.check(
                    MACHINE,
                    LoadType.DEFAULT,
                    List.of(segment(0, 0x10000, 0x10000), segment(0x10000, 0x10000, 1))))
        .doesNotThrowAnyException();
  }

  @Test
  void pagesAreThoseOfTheRunningKernel() {
    assertRefused(Reason.BAD_SEGMENT, Errno.EADDRNOTAVAIL, segment(0x1000, 0x10000, 1));
    assertRefused(Reason.BAD_SEGMENT, Errno.EADDRNOTAVAIL, segment(0, 0x1000, 1));
  }

  @Test
  void segmentsDoNotOverlap() {
    assertRefused(
        Reason.BAD_SEGMENT, Errno.EINVAL, segment(0, 0x20000, 1), segment(0x10000, 0x10000, 1));
  }

  @Test
  void memszTakesBufsz() {
    assertRefused(Reason.BAD_SEGMENT, Errno.EINVAL, segment(0, 0x10000, 0x10001));
  }

  /** All pages are looked at before any bufsz. */
  @Test
  void theFirstFaultByTheKernelsOrderDecides() {
    assertRefused(
        Reason.BAD_SEGMENT,
        Errno.EADDRNOTAVAIL,
        segment(0, 0x10000, 0x10001),
        segment(0x11000, 0x10000, 1));
  }

  @Test
  void neitherOneNorAllTakeMoreThanHalfOfMemory() {
    long half = MACHINE.usableRam() / 2;
    assertRefused(Reason.TOO_LARGE_FOR_MEMORY, Errno.EINVAL, segment(0, half + 0x10000, 1));
    assertRefused(
        Reason.TOO_LARGE_FOR_MEMORY, Errno.EINVAL, segment(0, half, 1), segment(half, 0x10000, 1));
  }

  @Test
  void oneAndAllMayTakeHalfOfMemory() {
    long half = MACHINE.usableRam() / 2;
    for (List<KexecSegment> segments :
        List.of(
            List.of(segment(0, half, 1)),
            List.of(segment(0, half - 0x10000, 1), segment(half, 0x10000, 1)))) {
      assertThatCode(() -> SegmentRules.check(MACHINE, LoadType.DEFAULT, segments))
          .doesNotThrowAnyException();
    }
  }

  /** Half of the pages, rounded down: an odd one counts for neither half. */
  @Test
  void halfIsCountedInPages() {
    Machine odd =
        new MachineBuilder(Architecture.ARM64)
            .pageSize(65536)
            .memblock(
                Memblock.parse("   0: 0x0000000000000000..0x000000000002ffff    0 NONE\n", ""))
            .build();

    assertThatCode(() -> SegmentRules.check(odd, LoadType.DEFAULT, List.of(segment(0, 0x10000, 1))))
        .doesNotThrowAnyException();
    assertThat(refusal(odd, segment(0, 0x20000, 1)).reason())
        .isEqualTo(Reason.TOO_LARGE_FOR_MEMORY);
  }

  /** Doing what the hint says makes the load fit. */
  @Test
  void theInitrdNamedFitsBesideTheKernel() {
    long half = MACHINE.usableRam() / 2;
    KexecSegment kernel = segment(SegmentRole.KERNEL, 0, half - 0x30000);

    KexecException refusal = refusal(MACHINE, kernel, segment(half, 0x40000, 1));

    assertThat(refusal.hint()).contains("0x30000 ");
    assertThatCode(
            () ->
                SegmentRules.check(
                    MACHINE, LoadType.DEFAULT, List.of(kernel, segment(half, 0x30000, 1))))
        .doesNotThrowAnyException();
  }

  @Test
  void noInitrdIsNamedWhereNoneWouldFit() {
    long half = MACHINE.usableRam() / 2;
    KexecSegment tooLarge = segment(SegmentRole.KERNEL, 0, half + 0x10000);
    KexecSegment filling = segment(SegmentRole.KERNEL, 0, half);
    KexecSegment small = segment(SegmentRole.KERNEL, 0, 0x10000);
    KexecSegment tree = segment(SegmentRole.DTB, half, half);
    KexecSegment initrd = segment(half, 0x10000, 1);

    for (KexecException refusal :
        List.of(
            refusal(MACHINE, tooLarge),
            refusal(MACHINE, filling, initrd),
            refusal(MACHINE, small, tree))) {
      assertThat(refusal.reason()).isEqualTo(Reason.TOO_LARGE_FOR_MEMORY);
      assertThat(refusal.hint()).doesNotContain("initrd");
    }
  }

  @Test
  void crashSegmentsLieInTheCrashRegion() {
    KexecException refusal =
        catchThrowableOfType(
            KexecException.class,
            () ->
                SegmentRules.check(
                    MACHINE, LoadType.CRASH, List.of(segment(0x1ff0000, 0x20000, 1))));

    assertThat(refusal.reason()).isEqualTo(Reason.OUTSIDE_CRASH_REGION);
    assertThat(refusal.errno()).isEqualTo(Errno.EADDRNOTAVAIL);
  }

  private static void assertRefused(Reason reason, Errno errno, KexecSegment... segments) {
    KexecException refusal = refusal(MACHINE, segments);
    assertThat(refusal.reason()).isEqualTo(reason);
    assertThat(refusal.errno()).isEqualTo(errno);
  }

  private static KexecException refusal(Machine machine, KexecSegment... segments) {
    return catchThrowableOfType(
        KexecException.class,
        () -> SegmentRules.check(machine, LoadType.DEFAULT, List.of(segments)));
  }

  private static KexecSegment segment(SegmentRole role, long mem, long memsz) {
    return new KexecSegment(role, PhysRange.ofSize(mem, memsz), 1, Optional.empty());
  }

  private static KexecSegment segment(long mem, long memsz, long bufsz) {
    return new KexecSegment(
        SegmentRole.INITRD, PhysRange.ofSize(mem, memsz), bufsz, Optional.empty());
  }
}
