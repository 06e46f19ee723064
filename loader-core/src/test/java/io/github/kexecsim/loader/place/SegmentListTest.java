package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class SegmentListTest {
  private static final long LIMIT = 32 << 20;

  /** Any mix of buffers, in memory walked either way, by either age of kernel. */
  @Test
  void everyBufferGoesWhereSteppingByPagesPutsIt() {
    SplittableRandom random = new SplittableRandom(2);
    int placed = 0;
    for (int round = 0; round < 100_000; round++) {
      Machine machine = machine(random);
      SegmentList list = new SegmentList(machine, LoadType.DEFAULT);
      PageSteppingSearch stepping = new PageSteppingSearch(machine, machine.ranges());
      int buffers = random.nextInt(1, 9);
      for (int i = 0; i < buffers; i++) {
        KexecBuf buf = buffer(random);
        boolean found = stepping.add(buf);
        assertThat(list.tryAdd(buf).isPresent())
            .as("round %d: %s in %s", round, buf, machine.ranges())
            .isEqualTo(found);
        placed += found ? 1 : 0;
      }
      assertThat(list.asList()).as("round %d", round).isEqualTo(stepping.placed());
    }
    assertThat(placed).isGreaterThan(100_000);
  }

  private static Machine machine(SplittableRandom random) {
    boolean x86 = random.nextBoolean();
    int pageSize = x86 ? 4096 : List.of(4096, 4096, 16384, 65536).get(random.nextInt(4));
    return TestMachines.of(
        x86 ? Architecture.X86_64 : Architecture.ARM64,
        random.nextInt(3) == 0 ? new KernelVersion(6, 1) : TestMachines.LINUX_7_2,
        pageSize,
        RandomMemory.ranges(random, 8, LIMIT),
        Optional.empty());
  }

  private static KexecBuf buffer(SplittableRandom random) {
    long memsz = random.nextLong(1, random.nextBoolean() ? 1 << 21 : 1 << 14);
    long align = random.nextInt(3) == 0 ? 0 : 1L << random.nextInt(4, 23);
    long min = random.nextInt(3) == 0 ? 0 : random.nextLong(LIMIT);
    long max = random.nextInt(4) == 0 ? random.nextLong(min, 2 * LIMIT) : KexecBuf.NO_MAX;
    boolean topDown = random.nextBoolean();
    return new KexecBuf(
        SegmentRole.INITRD, memsz, memsz, align, min, max, topDown, Optional.empty());
  }

  @Test
  void aSeventeenthSegmentIsRefused() {
    Machine machine = TestMachines.of(Architecture.ARM64, List.of(new PhysRange(0, LIMIT)));
    SegmentList list = new SegmentList(machine, LoadType.DEFAULT);
    KexecBuf buf = KexecBuf.bottomUp(SegmentRole.INITRD, 1, 1, 0, 0);
    for (int i = 0; i < 16; i++) {
      list.add(buf);
    }

    assertThatThrownBy(() -> list.add(buf))
        .asInstanceOf(InstanceOfAssertFactories.type(KexecException.class))
        .extracting(KexecException::reason)
        .isEqualTo(Reason.BAD_SEGMENT);
  }

  @Test
  void moreThanAnyMachineHasFindsNoRoom() {
    Machine machine = TestMachines.of(Architecture.ARM64, List.of(new PhysRange(0, LIMIT)));
    SegmentList list = new SegmentList(machine, LoadType.DEFAULT);

    assertThat(list.tryAdd(KexecBuf.bottomUp(SegmentRole.INITRD, 1, Long.MAX_VALUE, 0, 0)))
        .isEmpty();
  }
}
