package io.github.kexecsim.model.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HandoffStubTest {
  private static final long PAGE = 4096;
  private static final long RAM = 0x4000_0000L;
  private static final int RAM_PAGES = 16;

  /** Sixteen pages of memory, of which the bits of {@code reserved} say which are not free. */
  private static Machine machine(Architecture architecture, int reserved) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < RAM_PAGES; i++) {
      if ((reserved >> i & 1) != 0) {
        long start = RAM + i * PAGE;
        lines.append(String.format("%d: 0x%x..0x%x%n", i, start, start + PAGE - 1));
      }
    }
    String memory = String.format("0: 0x%x..0x%x", RAM, RAM + RAM_PAGES * PAGE - 1);
    return new MachineBuilder(architecture)
        .memblock(Memblock.parse(memory, lines.toString()))
        .build();
  }

  private static KexecSegment segment(SegmentRole role, int page, int pages) {
    return new KexecSegment(
        role, PhysRange.ofSize(RAM + page * PAGE, pages * PAGE), 0, Optional.empty());
  }

  private static PlacedLoad load(KexecSegment... segments) {
    long kernel = segments[0].mem();
    return new PlacedLoad(List.of(segments), kernel, kernel, "", List.of(), List.of());
  }

  private static PlacedLoad kernelAndTree() {
    return load(segment(SegmentRole.KERNEL, 0, 4), segment(SegmentRole.DTB, 15, 1));
  }

  private static void assertRefused(ThrowingCallable call, Reason reason) {
    assertThatThrownBy(call)
        .asInstanceOf(type(KexecException.class))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void arm64IsSixInstructionsAndTwoAddresses() {
    HandoffStub stub = HandoffStub.place(machine(Architecture.ARM64, 0), kernelAndTree());
    ByteView code = stub.code();
    assertThat(IntStream.range(0, 6).mapToObj(i -> (int) code.u32le(4L * i)))
        .containsExactly(
            0x5800_00c0, // ldr x0, . + 24
            0xaa1f_03e1, // mov x1, xzr
            0xaa1f_03e2, // mov x2, xzr
            0xaa1f_03e3, // mov x3, xzr
            0x5800_0084, // ldr x4, . + 16
            0xd61f_0080); // br x4
    assertThat(code.u64le(24)).isEqualTo(RAM + 15 * PAGE);
    assertThat(code.u64le(32)).isEqualTo(RAM);
    assertThat(code.size()).isEqualTo(40);
  }

  @Test
  void riscv64SetsTheTreeAndJumps() {
    HandoffStub stub = HandoffStub.place(machine(Architecture.RISCV64, 0), kernelAndTree());
    ByteView code = stub.code();
    assertThat(IntStream.range(0, code.size() / 4).mapToObj(i -> (int) code.u32le(4L * i)))
        .containsExactly(
            0x4000_f5b7, // lui a1, 0x4000f
            0x4000_02b7, // lui t0, 0x40000
            0x0002_8067); // jr t0
  }

  @Test
  void takesTheLowestFreePage() {
    SplittableRandom random = new SplittableRandom(6);
    for (int round = 0; round < 500; round++) {
      int reserved = random.nextInt(1 << RAM_PAGES);
      List<KexecSegment> segments = new ArrayList<>();
      int used = 0;
      for (SegmentRole role : List.of(SegmentRole.KERNEL, SegmentRole.INITRD, SegmentRole.DTB)) {
        int page = random.nextInt(RAM_PAGES);
        int pages = random.nextInt(1, RAM_PAGES - page + 1);
        segments.add(segment(role, page, pages));
        used |= (1 << pages) - 1 << page;
      }
      PlacedLoad load = load(segments.toArray(KexecSegment[]::new));
      int taken = reserved | used;
      if (reserved == (1 << RAM_PAGES) - 1) {
        continue;
      }
      Machine machine = machine(Architecture.ARM64, reserved);
      if (taken == (1 << RAM_PAGES) - 1) {
        assertRefused(() -> HandoffStub.place(machine, load), Reason.NO_ROOM);
      } else {
        long lowest = RAM + Integer.numberOfTrailingZeros(~taken) * PAGE;
        assertThat(HandoffStub.place(machine, load).page())
            .isEqualTo(PhysRange.ofSize(lowest, PAGE));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4 << 10, 16 << 10, 64 << 10})
  void hasAPageOfTheMachinesSize(int pageSize) {
    Machine machine =
        new MachineBuilder(Architecture.ARM64)
            .pageSize(pageSize)
            .memblock(Memblock.parse("0: 0x40001000..0x4003ffff", ""))
            .build();
    PlacedLoad load =
        load(
            new KexecSegment(
                SegmentRole.DTB, PhysRange.ofSize(0x4003_0000L, 0x1_0000), 0, Optional.empty()));
    HandoffStub stub = HandoffStub.place(machine, load);
    long first = (0x4000_1000L + pageSize - 1) & -pageSize;
    assertThat(stub.page()).isEqualTo(PhysRange.ofSize(first, pageSize));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 15, 7, 16, -1})
  void cannotBeOnASegmentOrOutsideMemory(int page) {
    Machine machine = machine(Architecture.ARM64, 1 << 7);
    assertRefused(
        () -> HandoffStub.at(RAM + page * PAGE, machine, kernelAndTree()), Reason.BAD_SEGMENT);
  }

  @Test
  void cannotBeAcrossPages() {
    Machine machine = machine(Architecture.ARM64, 0);
    assertRefused(
        () -> HandoffStub.at(RAM + 5 * PAGE + 8, machine, kernelAndTree()), Reason.BAD_SEGMENT);
  }

  @Test
  void mayBeAtAnyFreePage() {
    Machine machine = machine(Architecture.RISCV64, 0);
    HandoffStub stub = HandoffStub.at(RAM + 14 * PAGE, machine, kernelAndTree());
    assertThat(stub.page()).isEqualTo(PhysRange.ofSize(RAM + 14 * PAGE, PAGE));
  }

  @Test
  void needsADeviceTree() {
    PlacedLoad load = load(segment(SegmentRole.KERNEL, 0, 4));
    Machine machine = machine(Architecture.ARM64, 0);
    assertRefused(() -> HandoffStub.place(machine, load), Reason.BAD_SEGMENT);
  }

  @ParameterizedTest
  @EnumSource
  void isThereForArchitecturesThatTakeATreeInARegister(Architecture architecture) {
    Iomem map = Iomem.parse("40000000-4fffffff : System RAM");
    Machine machine = new MachineBuilder(architecture).iomem(map).build();
    if (HandoffStub.exists(architecture)) {
      assertThat(HandoffStub.place(machine, kernelAndTree()).code().size()).isPositive();
    } else {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> HandoffStub.place(machine, kernelAndTree()));
    }
  }
}
