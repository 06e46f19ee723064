package io.github.kexecsim.loader.place;

import static io.github.kexecsim.loader.place.TestMachines.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FdtNode;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A kernel that goes to a higher hole, as what belongs to it finds no room beside the lowest. */
class KernelHolesTest {
  /**
   * Beside a kernel at 0, the initrd takes the only place where the tree can be aligned; beside one
   * where the initrd was, both find room.
   */
  @Test
  void theTreeTellsWhereTheInitrdIsInTheEnd() {
    PhysRange kernelOnly = new PhysRange(0, 0x4_0000);
    PhysRange alignedTwice = new PhysRange(16 * MIB, 19 * MIB);
    PhysRange alignedOnceButFull = new PhysRange(32 * MIB + 0x1000, 35 * MIB - 0x1_0000);
    byte[] tree = new FdtBuilder().prop("large", new byte[(1 << 20) - 0x8000]).build();
    Machine machine =
        TestMachines.of(Architecture.ARM64, List.of(kernelOnly, alignedTwice, alignedOnceButFull))
            .withDeviceTree(FlattenedDeviceTree.parse(ByteView.of(tree)));

    PlacedLoad placed =
        TestMachines.place(
            TestMachines.request(
                machine, TestImages.arm64(64, 0x4_0000, 0, 0), 0x2e_6000, LoadType.DEFAULT));

    assertThat(placed.segments())
        .extracting(KexecSegment::role, KexecSegment::mem)
        .containsExactly(
            tuple(SegmentRole.KERNEL, 16 * MIB),
            tuple(SegmentRole.INITRD, 32 * MIB + 0x1000),
            tuple(SegmentRole.DTB, 18 * MIB));
    ByteView handed = placed.segments().get(2).content().orElseThrow();
    FdtNode chosen = FlattenedDeviceTree.parse(handed).node("/chosen").orElseThrow();
    assertThat(chosen.property("linux,initrd-start").orElseThrow().u64())
        .isEqualTo(32 * MIB + 0x1000);
  }
}
