package io.github.kexecsim.loader.place;

import static io.github.kexecsim.loader.place.TestMachines.MIB;
import static io.github.kexecsim.loader.place.TestMachines.mib;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.fdt.FdtNode;
import io.github.kexecsim.loader.fdt.FdtRegion;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.machine.Architecture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The tree that a crash load hands over, also where the machine's own is not known. */
class HandedDeviceTreeTest {
  private static final long INITRD_SIZE = 700_001;

  @ParameterizedTest
  @EnumSource(names = {"ARM64", "RISCV64"})
  void tellsWhatWasPlaced(Architecture architecture) {
    PlacedLoad placed = placed(architecture);
    FlattenedDeviceTree tree = FlattenedDeviceTree.parse(dtb(placed).content().orElseThrow());
    FdtNode chosen = tree.node("/chosen").orElseThrow();

    KexecSegment initrd = segment(placed, SegmentRole.INITRD);
    KexecSegment elfcorehdr = segment(placed, SegmentRole.ELFCOREHDR);
    FdtRegion elfcorehdrRegion = new FdtRegion(elfcorehdr.mem(), elfcorehdr.bufsz());
    assertThat(chosen.property("linux,initrd-start").orElseThrow().u64()).isEqualTo(initrd.mem());
    assertThat(chosen.property("linux,initrd-end").orElseThrow().u64())
        .isEqualTo(initrd.mem() + INITRD_SIZE);
    assertThat(chosen.property("linux,elfcorehdr").orElseThrow().regions(2, 2))
        .containsExactly(elfcorehdrRegion);
    assertThat(chosen.property("linux,usable-memory-range").orElseThrow().regions(2, 2))
        .containsExactly(new FdtRegion(128 * MIB, 128 * MIB));
    assertThat(chosen.property("bootargs").orElseThrow().string()).isEqualTo(placed.commandLine());
    assertThat(tree.memRsv())
        .containsExactlyInAnyOrder(new FdtRegion(initrd.mem(), INITRD_SIZE), elfcorehdrRegion);
  }

  @ParameterizedTest
  @EnumSource(names = {"ARM64", "RISCV64"})
  void dtcReadsIt(Architecture architecture, @TempDir Path folder)
      throws IOException, InterruptedException {
    byte[] blob = dtb(placed(architecture)).content().orElseThrow().toByteArray();

    String source = InstalledTool.read(folder, blob, "dtc", "-q", "-I", "dtb", "-O", "dts");

    assertThat(source).contains("linux,initrd-start", "linux,elfcorehdr", "bootargs");
  }

  private static PlacedLoad placed(Architecture architecture) {
    return TestMachines.place(
        TestMachines.request(
            TestMachines.of(
                architecture,
                TestMachines.LINUX_7_2,
                4096,
                List.of(mib(0, 512)),
                Optional.of(mib(128, 256))),
            TestImages.plain(architecture, MIB, 4 * MIB),
            INITRD_SIZE,
            LoadType.CRASH));
  }

  private static KexecSegment dtb(PlacedLoad placed) {
    return segment(placed, SegmentRole.DTB);
  }

  private static KexecSegment segment(PlacedLoad placed, SegmentRole role) {
    return placed.segments().stream().filter(s -> s.role() == role).findFirst().orElseThrow();
  }
}
