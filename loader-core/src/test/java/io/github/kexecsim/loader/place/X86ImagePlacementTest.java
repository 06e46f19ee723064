package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.X86Image;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.x86.CodeRegion;
import io.github.kexecsim.loader.x86.KaslrPlace;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Raw x86 images: a slot for the seed, or the lowest place. */
class X86ImagePlacementTest {
  private static final long MIB = 1 << 20;
  private static final int SIZE = 0x30_0000;
  private static final int CODE = 0x12_3456;
  private static final long LINKED_AT = 0xffff_ffff_8100_0000L;
  private static final int WIDE = 0x1000;
  private static final int NARROW = 0x2000;
  private static final int INVERSE = 0x3000;

  @Test
  void everySeedHasItsPlaceClearOfTheRest() {
    SplittableRandom random = new SplittableRandom(9);
    int placed = 0;
    for (int round = 0; round < 600; round++) {
      List<PhysRange> ranges = RandomMemory.ranges(random, 5, 600 * MIB);
      Machine machine = TestMachines.of(Architecture.X86_64, ranges);
      long seed = random.nextLong();
      try {
        PlacedLoad load = place(machine, "quiet", seed, LoadType.DEFAULT);
        KexecSegment kernel = kernel(load);
        assertThat(kernel.mem() % X86Image.ALIGN).isZero();
        assertThat(kernel.mem()).isGreaterThanOrEqualTo(X86Image.LOAD_PHYSICAL_ADDR);
        assertThat(ranges).anyMatch(range -> range.contains(kernel.range()));
        assertThat(load.kernelEntry()).isEqualTo(kernel.mem());
        assertThat(choice(load).physical()).isEqualTo(kernel.mem());
        SegmentRules.check(machine, LoadType.DEFAULT, load.segments());
        assertThat(place(machine, "quiet", seed, LoadType.DEFAULT)).isEqualTo(load);
        placed++;
      } catch (KexecException e) {
        assertThat(e.reason()).isEqualTo(Reason.NO_ROOM);
      }
    }
    assertThat(placed).isGreaterThan(200);
  }

  @Test
  void seedsReachEverySlotOfASmallMachine() {
    Machine machine = TestMachines.of(Architecture.X86_64, List.of(TestMachines.mib(0, 32)));
    Set<Long> seen = new HashSet<>();
    for (long seed = 0; seed < 300; seed++) {
      seen.add(kernel(place(machine, "", seed, LoadType.DEFAULT)).mem() / MIB);
    }
    // Purgatory and boot_params are at the top, and the image takes 4 MiB of room.
    assertThat(seen).containsExactlyInAnyOrder(16L, 18L, 20L, 22L, 24L, 26L);
  }

  @Test
  void nokaslrTakesTheLowestPlace() {
    Machine machine =
        TestMachines.of(
            Architecture.X86_64, List.of(TestMachines.mib(0, 18), TestMachines.mib(33, 500)));
    PlacedLoad load = place(machine, "nokaslr", 5, LoadType.DEFAULT);

    assertThat(kernel(load).mem()).isEqualTo(34 * MIB);
    assertThat(choice(load).virtualOffset()).isEqualTo(X86Image.LOAD_PHYSICAL_ADDR);
    assertThat(choice(load).virtualSlots()).isEqualTo(1);
    assertThat(kernel(load).content().orElseThrow().u64le(WIDE)).isEqualTo(LINKED_AT + 0x5000);
    assertThat(loadflags(load) & 2).isZero();
  }

  @Test
  void commandLineNarrowsThePlaces() {
    Machine machine = TestMachines.of(Architecture.X86_64, List.of(TestMachines.mib(0, 4000)));
    for (long seed = 0; seed < 200; seed++) {
      assertThat(kernel(place(machine, "mem=64M", seed, LoadType.DEFAULT)).range().end())
          .isLessThanOrEqualTo(64 * MIB);
      KexecSegment beside =
          kernel(place(machine, "mem=256M memmap=200M$32M", seed, LoadType.DEFAULT));
      assertThat(beside.range().overlaps(TestMachines.mib(32, 232))).isFalse();
    }
  }

  @Test
  void everyAddressFollowsTheVirtualPlace() {
    Machine machine = TestMachines.of(Architecture.X86_64, List.of(TestMachines.mib(0, 4000)));
    Set<Long> offsets = new HashSet<>();
    for (long seed = 0; seed < 50; seed++) {
      PlacedLoad load = place(machine, "", seed, LoadType.DEFAULT);
      long delta = choice(load).virtualOffset() - X86Image.LOAD_PHYSICAL_ADDR;
      ByteView kernel = kernel(load).content().orElseThrow();

      assertThat(kernel.size()).isEqualTo(SIZE);
      assertThat(kernel.u64le(WIDE)).isEqualTo(LINKED_AT + 0x5000 + delta);
      assertThat((int) kernel.u32le(NARROW)).isEqualTo((int) (LINKED_AT + 0x6000 + delta));
      assertThat((int) kernel.u32le(INVERSE)).isEqualTo((int) (0x1234 - delta));
      assertThat(loadflags(load) & 2).isEqualTo(2);
      offsets.add(delta);
    }
    assertThat(offsets).hasSizeGreaterThan(30);
  }

  @Test
  void imageWithoutRelocationsStaysWhereItIsMapped() {
    Machine machine = TestMachines.of(Architecture.X86_64, List.of(TestMachines.mib(0, 4000)));
    FileContent bare = FileContent.of(ByteView.of(image(SIZE)).slice(0, SIZE));
    PlacedLoad load = TestMachines.place(TestMachines.request(machine, bare, LoadType.DEFAULT));
    assertThat(choice(load).virtualSlots()).isEqualTo(1);
    assertThat(choice(load).slots().count()).isGreaterThan(1);
  }

  @Test
  void bssThatTheFileLeavesOutIsZeroedMemory() {
    Machine machine = TestMachines.of(Architecture.X86_64, List.of(TestMachines.mib(0, 4000)));
    FileContent cut = FileContent.of(ByteView.of(image(SIZE)).slice(0, SIZE / 2));
    KexecSegment kernel =
        kernel(TestMachines.place(TestMachines.request(machine, cut, LoadType.DEFAULT)));
    assertThat(kernel.bufsz()).isEqualTo(SIZE / 2);
    assertThat(kernel.memsz()).isEqualTo(SIZE);
  }

  @Test
  void crashLoadsStayInTheirRegion() {
    PhysRange region = TestMachines.mib(1000, 1064);
    Machine machine =
        TestMachines.of(
            Architecture.X86_64,
            TestMachines.LINUX_7_2,
            4096,
            List.of(TestMachines.mib(0, 4000)),
            Optional.of(region));
    for (long seed = 0; seed < 50; seed++) {
      PlacedLoad load = place(machine, "", seed, LoadType.CRASH);
      assertThat(load.segments()).allMatch(segment -> region.contains(segment.range()));
    }
  }

  @Test
  void codeIsExecutableAndTheRestIsNot() {
    Machine machine = TestMachines.of(Architecture.X86_64, List.of(TestMachines.mib(0, 4000)));
    PlacedLoad load = place(machine, "", 3, LoadType.DEFAULT);
    List<CodeRegion> regions = load.x86Start().orElseThrow().codeRegions();
    long start = kernel(load).mem();
    assertThat(regions).extracting(CodeRegion::executable).containsExactly(true, false);
    assertThat(regions)
        .extracting(CodeRegion::range)
        .containsExactly(
            new PhysRange(start, start + 0x12_4000),
            new PhysRange(start + 0x12_4000, start + SIZE));
  }

  @Test
  void kexecToolsKnowNoSuchImage() {
    Machine machine = TestMachines.of(Architecture.X86_64, List.of(TestMachines.mib(0, 4000)));
    FileContent file = FileContent.of(ByteView.of(image(SIZE)));
    for (LoadType type : LoadType.values()) {
      assertThatExceptionOfType(KexecException.class)
          .isThrownBy(() -> UserPlacement.place(TestMachines.request(machine, file, type)))
          .matches(e -> e.reason() == Reason.UNSUPPORTED_STRATEGY);
    }
  }

  @Test
  void damagedHeadersAreRefused() {
    Machine machine = TestMachines.of(Architecture.X86_64, List.of(TestMachines.mib(0, 4000)));
    List<byte[]> damaged = new ArrayList<>();
    for (int size : new int[] {0, 0x23, 1 << 30, -1}) {
      damaged.add(image(size));
    }
    byte[] code = image(SIZE);
    ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN).putInt(0x20, SIZE + 1);
    damaged.add(code);
    byte[] relocations = image(SIZE);
    relocations[relocations.length - 1] = 0x70;
    damaged.add(relocations);
    for (byte[] bytes : damaged) {
      FileContent file = FileContent.of(ByteView.of(bytes));
      assertThatExceptionOfType(KexecException.class)
          .isThrownBy(
              () -> TestMachines.place(TestMachines.request(machine, file, LoadType.DEFAULT)))
          .matches(e -> e.reason() == Reason.BAD_HEADER);
    }
  }

  private static PlacedLoad place(Machine machine, String commandLine, long seed, LoadType type) {
    return TestMachines.place(
        new PlacementRequest(
            machine,
            FileContent.of(ByteView.of(image(SIZE))),
            Optional.of(FileContent.ofSize(5 * MIB)),
            commandLine,
            type,
            seed));
  }

  private static KexecSegment kernel(PlacedLoad load) {
    return load.segments().stream()
        .filter(segment -> segment.role() == SegmentRole.KERNEL)
        .findFirst()
        .orElseThrow();
  }

  private static KaslrPlace choice(PlacedLoad load) {
    return load.x86Start().orElseThrow().place().orElseThrow();
  }

  private static int loadflags(PlacedLoad load) {
    return load.segments().stream()
        .filter(segment -> segment.role() == SegmentRole.BOOT_PARAMS)
        .findFirst()
        .orElseThrow()
        .content()
        .orElseThrow()
        .u8(0x211);
  }

  /** An image with one relocation of each kind behind it. */
  private static byte[] image(int imageSize) {
    ByteBuffer out = ByteBuffer.allocate(SIZE + 24).order(ByteOrder.LITTLE_ENDIAN);
    byte[] nop = {0x0f, 0x1f, (byte) 0x80};
    out.put(0xd, nop).putInt(0x10, imageSize).put(0x1d, nop).putInt(0x20, CODE);
    out.putLong(WIDE, LINKED_AT + 0x5000).putInt(NARROW, (int) LINKED_AT + 0x6000);
    out.putInt(INVERSE, 0x1234);
    out.position(SIZE);
    for (int at : new int[] {WIDE, INVERSE, NARROW}) {
      out.putInt(0).putInt((int) LINKED_AT + at);
    }
    return out.array();
  }
}
