package io.github.kexecsim.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.kimage.KimageEntry;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.mmu.WithoutTables;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RelocationPlanTest {
  private static final PhysRange CRASH = PhysRange.ofSize(0x60000000L, 64 << 20);

  private static Machine machine(Architecture architecture, String version) {
    MachineBuilder builder =
        new MachineBuilder(architecture)
            .kernelVersion(KernelVersion.parse(version))
            .pageSize(4 << 10);
    if (architecture == Architecture.X86_64) {
      builder.iomem(
          Iomem.parse(
              "00000000-0009ffff : System RAM\n"
                  + "00100000-7fffffff : System RAM\n"
                  + "  01000000-01ffffff : Kernel code\n"));
    } else {
      builder.memblock(
          Memblock.parse("   0: 0x0000000040000000..0x000000007fffffff    0 NONE", ""));
    }
    return builder.build().withCrashRegion(CRASH);
  }

  private static KexecSegment segment(SegmentRole role, long mem, long memsz) {
    return new KexecSegment(role, PhysRange.ofSize(mem, memsz), 0x800, Optional.empty());
  }

  private static PlacedLoad placed(long entry, KexecSegment... segments) {
    return new PlacedLoad(List.of(segments), entry, entry, "", List.of(), List.of());
  }

  private static RelocationPlan plan(Machine machine, LoadType type) {
    long base = type == LoadType.CRASH ? CRASH.start() : 0x50000000L;
    return RelocationPlan.of(
        machine,
        placed(
            base,
            segment(SegmentRole.KERNEL, base, 0x10000),
            segment(SegmentRole.DTB, base + 0x200000, 0x2000)),
        type,
        PageSource.LOWEST_FIRST);
  }

  /**
   * Counted by hand. x86_64, 2 GiB by 1 GiB pages: the code, the swap page, two tables, of which
   * older kernels have the upper one in the code's block. arm64, 1 GiB: 512 tables of pages, one
   * for them, two above, four of the identity map.
   */
  @ParameterizedTest
  @CsvSource({
    "X86_64, 7.2, 4",
    "X86_64, 6.12, 4",
    "ARM64, 7.2, 521",
    "RISCV64, 7.2, 2",
    "LOONGARCH64, 7.2, 2"
  })
  void controlPagesAreThoseThatTheKernelTakes(
      Architecture architecture, String version, int pages) {
    RelocationPlan plan = plan(machine(architecture, version), LoadType.DEFAULT);
    assertThat(plan.controlPageCount()).isEqualTo(pages);
    assertThat(plan.swapPage()).isPresent();
    assertThat(plan.controlPages().get(0).size())
        .isEqualTo(version.equals("6.12") ? 0x2000 : 0x1000);
  }

  @ParameterizedTest
  @CsvSource({"X86_64, 4", "ARM64, 2", "RISCV64, 2", "LOONGARCH64, 2"})
  void aCrashLoadTakesItsControlPagesFromTheCrashRegion(Architecture architecture, int pages) {
    RelocationPlan plan = plan(machine(architecture, "7.2"), LoadType.CRASH);
    assertThat(plan.kimage().head()).isEqualTo(KimageEntry.DONE);
    assertThat(plan.controlPageCount()).isEqualTo(pages);
    assertThat(plan.controlPages()).allMatch(CRASH::contains);
    assertThat(plan.swapPage()).isEmpty();
    assertThat(plan.memory().sourcePages()).isZero();
  }

  @Test
  void memoryIsCountedItemByItem() {
    MemoryUse memory = plan(machine(Architecture.RISCV64, "7.2"), LoadType.DEFAULT).memory();
    assertThat(memory).isEqualTo(new MemoryUse(0x1000, 0x12000, 0x1000, 0x2000, 0, 0x12000));
    assertThat(memory.loaded()).isEqualTo(0x15000);
    assertThat(memory.peak()).isEqualTo(0x16000);
  }

  @Test
  void noPageIsTakenFromTheRunningKernelNorBelowAMegabyte() {
    Machine machine = machine(Architecture.X86_64, "7.2");
    PhysRangeSet kept =
        PhysRangeSet.of(new PhysRange(0, 1 << 20), new PhysRange(0x1000000, 0x2000000), CRASH);
    for (PageSource source : RandomLoads.sources(4)) {
      RelocationPlan plan =
          RelocationPlan.of(
              machine,
              placed(0x1000000, segment(SegmentRole.KERNEL, 0x1000000, 0x1000000)),
              LoadType.DEFAULT,
              source);
      for (long i = 0; i < plan.kimage().sourcePages(); i++) {
        assertThat(kept.contains(PhysRange.ofSize(plan.kimage().source(i), 4096))).isFalse();
      }
      assertThat(plan.controlPages()).noneMatch(kept::contains);
    }
  }

  @Test
  void anArm64CrashKernelNeedsNoTables() {
    assertThat(plan(machine(Architecture.ARM64, "7.2"), LoadType.CRASH).identityMap())
        .isEqualTo(WithoutTables.MMU_OFF);
  }

  @Test
  void whatIsNotModelledIsSaid() {
    for (Architecture architecture : Architecture.values()) {
      assertThat(plan(machine(architecture, "7.2"), LoadType.DEFAULT).notModelled())
          .anyMatch(line -> line.contains("lowest"))
          .anyMatch(line -> line.contains("content of the kernel"));
    }
  }

  private static void assertRefused(Reason reason, PlacedLoad placed) {
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(
            () ->
                RelocationPlan.of(
                    machine(Architecture.RISCV64, "7.2"),
                    placed,
                    LoadType.DEFAULT,
                    PageSource.LOWEST_FIRST))
        .extracting(KexecException::reason)
        .isEqualTo(reason);
  }

  @Test
  void badPlansAreRefused() {
    KexecSegment kernel = segment(SegmentRole.KERNEL, 0x50000000L, 0x10000);
    assertRefused(
        Reason.BAD_SEGMENT,
        placed(0x50000000L, kernel, segment(SegmentRole.STACK, 0x5000f000L, 0x2000)));
    assertRefused(
        Reason.BAD_SEGMENT,
        placed(0x50000000L, kernel, segment(SegmentRole.EFI_SERVICES, 0x3ffff000L, 0x2000)));
    assertRefused(Reason.BAD_SEGMENT, placed(0x50010000L, kernel));
    assertRefused(
        Reason.TOO_LARGE_FOR_MEMORY,
        placed(0x40000000L, segment(SegmentRole.KERNEL, 0x40000000L, 0x30000000L)));
  }

  @Test
  void theLimitOnPagesIsTheCallers() {
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(
            () ->
                RelocationPlan.of(
                    machine(Architecture.RISCV64, "7.2"),
                    placed(0x50000000L, segment(SegmentRole.KERNEL, 0x50000000L, 0x10000)),
                    LoadType.DEFAULT,
                    PageSource.LOWEST_FIRST,
                    Limits.DEFAULT.with(Limit.PAGES, 15)))
        .extracting(KexecException::reason)
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }
}
