package io.github.kexecsim.loader.place;

import static io.github.kexecsim.loader.place.TestMachines.MIB;
import static io.github.kexecsim.loader.place.TestMachines.mib;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EfiPlacementTest {
  private static final FileContent KERNEL = TestImages.arm64(3 * MIB, 4 * MIB, 0, 0);

  private static EfiPlacement.Needs needs(long kernelMemsz, long reserve) {
    return new EfiPlacement.Needs(kernelMemsz, 0x10000, range -> 0x1800, 0x8000, reserve);
  }

  private static PlacementRequest request(PhysRange... ranges) {
    return request(KERNEL, 5 * MIB + 1, ranges);
  }

  private static PlacementRequest request(FileContent kernel, long initrd, PhysRange... ranges) {
    return TestMachines.request(
        TestMachines.of(Architecture.ARM64, List.of(ranges)), kernel, initrd, LoadType.DEFAULT);
  }

  private static Reason refusal(PlacementRequest request, EfiPlacement.Needs needs) {
    return catchThrowableOfType(KexecException.class, () -> EfiPlacement.place(request, needs))
        .reason();
  }

  @Test
  void theKernelLiesAtTheBottomOfTheLargestRangeAndTheRestAtItsTop() {
    EfiPlacement.Placed placed =
        EfiPlacement.place(
            request(mib(32, 64), new PhysRange(128 * MIB + 1, 256 * MIB - 1), mib(512, 600)),
            needs(4 * MIB, MIB));

    assertThat(placed.usable()).isEqualTo(new PhysRange(128 * MIB + 0x1000, 256 * MIB - 0x1000));
    assertThat(placed.segments())
        .extracting(segment -> segment.role() + " " + segment.range())
        .containsExactly(
            "kernel [0x8010000-0x840ffff]",
            "initrd [0xfafe000-0xfffefff]",
            "dtb [0xfafd000-0xfafdfff]",
            "efi_services [0xfafb000-0xfafcfff]",
            "stack [0xfaf3000-0xfafafff]");
    assertThat(placed.segment(SegmentRole.DTB)).contains(placed.segments().get(2));
    assertThat(placed.segment(SegmentRole.PURGATORY)).isEmpty();
  }

  @Test
  void aFileLargerThanItsImageIsAllThere() {
    EfiPlacement.Placed placed = EfiPlacement.place(request(mib(32, 64)), needs(MIB, MIB));

    assertThat(placed.segments().get(0).memsz()).isEqualTo(3 * MIB);
  }

  @Test
  void whatIsReservedMustStayInOnePiece() {
    PlacementRequest request = request(mib(32, 64));
    EfiPlacement.Placed placed = EfiPlacement.place(request, needs(4 * MIB, 0));
    long left = EfiPlacement.largestHole(placed.segments(), placed.usable());

    KexecSegment stack = placed.segment(SegmentRole.STACK).orElseThrow();
    assertThat(left).isEqualTo(stack.mem() - 36 * MIB);
    assertThat(EfiPlacement.place(request, needs(4 * MIB, left))).isEqualTo(placed);
    assertThat(refusal(request, needs(4 * MIB, left + 1))).isEqualTo(Reason.NO_ROOM);
  }

  @Test
  void nothingIsLeftOfAFullRange() {
    KexecSegment all = new KexecSegment(SegmentRole.KERNEL, mib(32, 64), 1, Optional.empty());

    assertThat(EfiPlacement.largestHole(List.of(all), mib(32, 64))).isZero();
  }

  /** A large range may take less than a smaller one, by its alignment. */
  @Test
  void theNextRangeIsTriedWhereTheLargestDoesNotDo() {
    EfiPlacement.Needs aligned =
        new EfiPlacement.Needs(4 * MIB, 64 * MIB, range -> 0x1000, 0x1000, MIB);

    EfiPlacement.Placed placed = EfiPlacement.place(request(mib(65, 127), mib(192, 208)), aligned);

    assertThat(placed.usable()).isEqualTo(mib(192, 208));
  }

  @Test
  void whatDoesNotLoadIsRefused() {
    EfiPlacement.Needs needs = needs(4 * MIB, MIB);

    assertThat(refusal(request(mib(32, 36)), needs)).isEqualTo(Reason.NO_ROOM);
    assertThat(refusal(request(new PhysRange(0x1001, 0x2fff)), needs)).isEqualTo(Reason.NO_ROOM);
    assertThat(refusal(request(FileContent.ofSize(0), 1, mib(32, 64)), needs))
        .isEqualTo(Reason.TRUNCATED);
    assertThat(refusal(request(KERNEL, 0, mib(32, 64)), needs)).isEqualTo(Reason.TRUNCATED);
  }
}
