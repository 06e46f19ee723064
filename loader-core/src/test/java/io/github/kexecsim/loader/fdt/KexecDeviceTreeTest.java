package io.github.kexecsim.loader.fdt;

import static io.github.kexecsim.loader.fdt.FlattenedDeviceTreeTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.KexecDeviceTree.Crash;
import io.github.kexecsim.loader.fdt.KexecDeviceTree.Edits;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KexecDeviceTreeTest {
  private static final Edits NONE = Edits.forPageSize(4096);
  private static final FdtRegion INITRD = new FdtRegion(0x4100_0000L, 0x12345);
  private static final FdtRegion ELFCOREHDR = new FdtRegion(0x7000_0000L, 0x1000);
  private static final FdtRegion CRASH_REGION = new FdtRegion(0x6000_0000L, 0x2000_0000L);

  private final FlattenedDeviceTree machine = SampleTrees.parse(SampleTrees.machine());

  private static FlattenedDeviceTree setup(FlattenedDeviceTree running, Edits edits) {
    return SampleTrees.parse(KexecDeviceTree.setup(running, edits));
  }

  private static FlattenedDeviceTree setup(FdtBuilder running, Edits edits) {
    return setup(SampleTrees.parse(running.build()), edits);
  }

  private static FdtNode chosen(FlattenedDeviceTree tree) {
    return tree.node("/chosen").orElseThrow();
  }

  private static FdtProperty chosen(FlattenedDeviceTree tree, String property) {
    return chosen(tree).property(property).orElseThrow();
  }

  @Test
  void setsEverythingInTheKernelsOrder() {
    Crash crash = new Crash(ELFCOREHDR, CRASH_REGION, Optional.of(new FdtRegion(0x1000, 0x2000)));
    FlattenedDeviceTree tree =
        setup(machine, NONE.withInitrd(INITRD).withCrash(crash).withCmdline("quiet"));

    assertThat(chosen(tree).properties())
        .extracting(FdtProperty::name)
        .containsExactly(
            "linux,booted-from-kexec",
            "rng-seed",
            "kaslr-seed",
            "linux,usable-memory-range",
            "linux,elfcorehdr",
            "linux,initrd-end",
            "linux,initrd-start",
            "bootargs",
            "stdout-path");
    assertThat(chosen(tree, "linux,initrd-start").u64()).isEqualTo(0x4100_0000L);
    assertThat(chosen(tree, "linux,initrd-end").u64()).isEqualTo(0x4101_2345L);
    assertThat(chosen(tree, "linux,elfcorehdr").regions(2, 2)).containsExactly(ELFCOREHDR);
    assertThat(chosen(tree, "linux,usable-memory-range").regions(2, 2))
        .containsExactly(CRASH_REGION, new FdtRegion(0x1000, 0x2000));
    assertThat(chosen(tree, "bootargs").string()).isEqualTo("quiet");
    assertThat(chosen(tree, "kaslr-seed").value().size()).isEqualTo(8);
    assertThat(chosen(tree, "rng-seed").value().size()).isEqualTo(128);
    assertThat(tree.memRsv())
        .containsExactly(new FdtRegion(0x4800_0000L, 0x2345), INITRD, ELFCOREHDR);
  }

  @Test
  void undoesWhatItDidBefore() {
    Crash crash = new Crash(ELFCOREHDR, CRASH_REGION, Optional.empty());
    Edits plain = NONE.withCmdline("quiet");
    FlattenedDeviceTree first = setup(machine, plain.withInitrd(INITRD));
    FlattenedDeviceTree second = setup(first, plain.withInitrd(new FdtRegion(0x4200_0000L, 7)));
    FlattenedDeviceTree third = setup(setup(first, plain.withCrash(crash)), plain);

    assertThat(second.totalsize()).isEqualTo(first.totalsize());
    assertThat(second.memRsv())
        .containsExactly(machine.memRsv().get(0), new FdtRegion(0x4200_0000L, 7));
    assertThat(chosen(third).property("linux,initrd-start")).isEmpty();
    assertThat(chosen(third).property("linux,initrd-end")).isEmpty();
    assertThat(chosen(third).property("linux,elfcorehdr")).isEmpty();
    assertThat(chosen(third).property("linux,usable-memory-range")).isEmpty();
    // The kernel itself forgets this one.
    assertThat(third.memRsv()).containsExactly(machine.memRsv().get(0), ELFCOREHDR);
  }

  @ParameterizedTest
  @CsvSource({
    "4096, 0x2345, true",
    "4096, 0x3000, true",
    "65536, 0x10000, true",
    "65536, 0x3000, false",
    "4096, 0x4000, false"
  })
  void dropsTheOldInitrdsReservation(int pageSize, String reserved, boolean dropped) {
    FdtBuilder running =
        new FdtBuilder()
            .addMemRsv(0x8000, Long.decode(reserved))
            .beginNode("chosen")
            .u32("linux,initrd-start", 0x8000)
            .u32("linux,initrd-end", 0x8000 + 0x2345)
            .endNode();

    FlattenedDeviceTree tree = setup(running, Edits.forPageSize(pageSize));

    assertThat(tree.memRsv()).hasSize(dropped ? 0 : 1);
  }

  @Test
  void dropsTheReservationOfTheRunningTreeItself() {
    byte[] small = new FdtBuilder().addMemRsv(0x8000, 40 + 32 + 16).build();

    assertThat(setup(SampleTrees.parse(small), NONE.withRunningAddress(0x8000)).memRsv()).isEmpty();
    assertThat(setup(SampleTrees.parse(small), NONE.withRunningAddress(0x9000)).memRsv())
        .hasSize(1);
    assertThat(setup(SampleTrees.parse(small), NONE).memRsv()).hasSize(1);
  }

  @Test
  void makesChosenWhereItIsMissing() {
    FlattenedDeviceTree tree = setup(new FdtBuilder().empty("x"), NONE.withCmdline(""));

    assertThat(chosen(tree, "bootargs").string()).isEmpty();
  }

  @Test
  void removesBootargsWithoutACommandLineOnly() {
    assertThat(chosen(setup(machine, NONE)).property("bootargs")).isEmpty();
    assertThat(chosen(setup(machine, NONE.withCmdline("")), "bootargs").value().size())
        .isEqualTo(1);
  }

  @Test
  void endsTheCommandLineAtItsFirstNulAndCountsBytes() {
    assertThat(chosen(setup(machine, NONE.withCmdline("a\0b")), "bootargs").value().toByteArray())
        .containsExactly('a', 0);
    assertThat(chosen(setup(machine, NONE.withCmdline("\u00e9")), "bootargs").value().size())
        .isEqualTo(3);
  }

  @Test
  void leavesSeedsToARngThatIsReady() {
    FdtBuilder running =
        new FdtBuilder()
            .beginNode("chosen")
            .u64("kaslr-seed", 1)
            .prop("rng-seed", new byte[32])
            .endNode();

    FlattenedDeviceTree tree = setup(running, NONE.withoutRng());

    assertThat(chosen(tree).property("kaslr-seed")).isEmpty();
    assertThat(chosen(tree, "rng-seed").value().size()).isEqualTo(32);
  }

  @Test
  void makesTheSameSeedsFromTheSameSeed() {
    byte[] once = KexecDeviceTree.setup(machine, NONE.withRngSeed(1));

    assertThat(KexecDeviceTree.setup(machine, NONE.withRngSeed(1))).isEqualTo(once);
    assertThat(KexecDeviceTree.setup(machine, NONE.withRngSeed(2)))
        .hasSameSizeAs(once)
        .isNotEqualTo(once);
  }

  @Test
  void takesAnInitrdAtAddressZeroForNone() {
    FlattenedDeviceTree tree = setup(machine, NONE.withInitrd(new FdtRegion(0, 1)));

    assertThat(chosen(tree).property("linux,initrd-start")).isEmpty();
  }

  @Test
  void refusesAnInitrdWithoutEnd() {
    FdtBuilder running =
        new FdtBuilder().beginNode("chosen").u64("linux,initrd-start", 1).endNode();

    assertRefused(Reason.BAD_DEVICE_TREE, () -> setup(running, NONE));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 0xfffff000, 0x1000, true",
    "1, 1, 0xfffff000, 0x1001, false",
    "1, 1, 0x100000000, 0x1000, false",
    "1, 2, 0xf0000000, 0x10000001, false",
    "2, 1, 0x100000000, 0xffffffff, true",
    "2, 1, 0x100000000, 0x100000000, false",
    "2, 2, 0x100000000, 0x100000000, true",
    "3, 2, 0x1000, 0x1000, false",
    "2, 0, 0x1000, 0x1000, false",
    "2, 3, 0x1000, 0x1000, false",
    "2, 5, 0x1000, 0x1000, false",
    "0, 1, 0x1000, 0x1000, false",
  })
  void fitsCrashRegionsIntoTheRootsCells(
      int addressCells, int sizeCells, String address, String size, boolean fits) {
    FdtRegion region = new FdtRegion(Long.decode(address), Long.decode(size));
    Crash crash = new Crash(new FdtRegion(0x1000, 0x1000), region, Optional.empty());
    FdtBuilder running =
        new FdtBuilder().u32("#address-cells", addressCells).u32("#size-cells", sizeCells);

    if (fits) {
      FdtProperty range =
          chosen(setup(running, NONE.withCrash(crash)), "linux,usable-memory-range");
      assertThat(range.regions(addressCells, sizeCells)).containsExactly(region);
    } else {
      assertRefused(Reason.BAD_DEVICE_TREE, () -> setup(running, NONE.withCrash(crash)));
    }
  }

  @Test
  void takesTwoAndOneCellsWhereTheRootDoesNotSay() {
    Crash crash = new Crash(ELFCOREHDR, CRASH_REGION, Optional.empty());

    FlattenedDeviceTree tree = setup(new FdtBuilder(), NONE.withCrash(crash));

    assertThat(chosen(tree, "linux,elfcorehdr").regions(2, 1)).containsExactly(ELFCOREHDR);
  }

  @Test
  void refusesCallersMistakes() {
    FdtRegion empty = new FdtRegion(0x1000, 0);

    assertThatIllegalArgumentException().isThrownBy(() -> Edits.forPageSize(3000));
    assertThatIllegalArgumentException().isThrownBy(() -> NONE.withInitrd(empty));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Crash(empty, CRASH_REGION, Optional.empty()));
  }
}
