package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random machines and loads: placed as the kernel's own page by page steps place them. */
class PlacementPropertyTest {
  private static final int LOADS = 25_000;
  private static final long LIMIT = 64 << 20;

  @ParameterizedTest
  @EnumSource
  void everyLoadEqualsTheSteppingOne(Architecture architecture) {
    SplittableRandom random = new SplittableRandom(architecture.ordinal());
    int accepted = 0;
    for (int round = 0; round < LOADS; round++) {
      PlacementRequest request = request(architecture, random);
      Optional<List<KexecSegment>> expected = PageSteppingLoader.load(request);
      Optional<PlacedLoad> placed = place(request);
      assertThat(placed.map(PlacementPropertyTest::withoutContent))
          .as("load %d on %s", round, request.machine().ranges())
          .isEqualTo(expected);
      if (placed.isPresent()) {
        accepted++;
        checkSegments(request, placed.get());
      }
    }
    assertThat(accepted).isBetween(LOADS / 10, LOADS * 95 / 100);
  }

  private static Optional<PlacedLoad> place(PlacementRequest request) {
    try {
      return Optional.of(Placement.of(request.machine().architecture()).load(request));
    } catch (KexecException e) {
      assertThat(e.reason()).isIn(Reason.NO_ROOM, Reason.NO_CRASH_REGION);
      assertThat(e.errno()).isEqualTo(Errno.EADDRNOTAVAIL);
      return Optional.empty();
    }
  }

  private static void checkSegments(PlacementRequest request, PlacedLoad placed) {
    Machine machine = request.machine();
    SegmentRules.check(machine, request.type(), placed.segments());
    List<PhysRange> ranges =
        request.type() == LoadType.CRASH
            ? machine.crashRegion().stream().toList()
            : machine.ranges();
    for (KexecSegment segment : placed.segments()) {
      assertThat(ranges).anyMatch(range -> range.contains(segment.range()));
    }
  }

  private static List<KexecSegment> withoutContent(PlacedLoad placed) {
    List<KexecSegment> bare = new ArrayList<>();
    for (KexecSegment segment : placed.segments()) {
      bare.add(
          new KexecSegment(segment.role(), segment.range(), segment.bufsz(), Optional.empty()));
    }
    return bare;
  }

  private static PlacementRequest request(Architecture architecture, SplittableRandom random) {
    Machine machine = machine(architecture, random);
    long memsz = random.nextLong(0x3000, random.nextInt(4) == 0 ? 16 << 20 : 4 << 20);
    long fileSize = random.nextLong(0xb00, memsz);
    FileContent kernel =
        switch (architecture) {
          case ARM64 -> TestImages.arm64(fileSize, memsz, random.nextInt(3) * 0x80000, 0);
          case RISCV64 -> TestImages.riscv64(fileSize, memsz, textOffset(random));
          case LOONGARCH64 -> TestImages.loongArch64(fileSize, memsz, random.nextInt(3) << 20);
          case X86_64 ->
              TestImages.x86(
                  fileSize, memsz, 1L << random.nextInt(12, 25), random.nextInt(3) << 24);
        };
    Optional<FileContent> initrd =
        random.nextInt(4) == 0
            ? Optional.empty()
            : Optional.of(
                FileContent.ofSize(random.nextLong(1, random.nextBoolean() ? 8 << 20 : 10_000)));
    LoadType type = random.nextInt(4) == 0 ? LoadType.CRASH : LoadType.DEFAULT;
    return new PlacementRequest(
        machine, kernel, initrd, "x".repeat(random.nextInt(100)), type, random.nextLong());
  }

  /** What riscv64 aligns by: mostly a power of two, and at times what another format has there. */
  private static long textOffset(SplittableRandom random) {
    return random.nextInt(4) == 0 ? random.nextLong(1, 2000) << 12 : 1L << random.nextInt(11, 23);
  }

  private static Machine machine(Architecture architecture, SplittableRandom random) {
    List<PhysRange> ranges = RandomMemory.ranges(random, 12, LIMIT);
    Optional<PhysRange> crashRegion = Optional.empty();
    if (random.nextInt(8) != 0) {
      long start = random.nextLong(LIMIT >> 20) << 20;
      crashRegion = Optional.of(PhysRange.ofSize(start, random.nextLong(1, 48) << 20));
    }
    boolean pagesVary =
        architecture == Architecture.ARM64 || architecture == Architecture.LOONGARCH64;
    int pageSize = pagesVary ? 4096 << (2 * random.nextInt(3)) : 4096;
    KernelVersion version =
        architecture == Architecture.X86_64 || architecture == Architecture.ARM64
            ? List.of(
                    new KernelVersion(6, 1),
                    new KernelVersion(6, 7),
                    new KernelVersion(6, 8),
                    TestMachines.LINUX_7_2)
                .get(random.nextInt(4))
            : TestMachines.LINUX_7_2;
    return TestMachines.of(architecture, version, pageSize, ranges, crashRegion);
  }
}
