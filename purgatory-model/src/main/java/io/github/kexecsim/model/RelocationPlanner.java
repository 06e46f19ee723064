package io.github.kexecsim.model;

import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.model.kimage.ControlPages;
import io.github.kexecsim.model.kimage.Kimage;
import io.github.kexecsim.model.kimage.KimageLoader;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.mmu.Arm64Tables;
import io.github.kexecsim.model.mmu.IdentityMap;
import io.github.kexecsim.model.mmu.WithoutTables;
import io.github.kexecsim.model.mmu.X86Tables;
import io.github.kexecsim.model.purgatory.PurgatoryPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Takes the steps of kexec_file_load after placement, one after the other, as each takes pages from
 * the next ({@code kernel/kexec_file.c}, v6.1): the pages for the relocation code and for swapping,
 * {@code machine_kexec_prepare}, the copy of vmcoreinfo, the digest, the segments, {@code
 * machine_kexec_post_load}.
 */
final class RelocationPlanner {
  /** {@code KEXEC_CONTROL_CODE} of {@code arch/loongarch/kernel/machine_kexec.c} (v6.1). */
  private static final long LOONGARCH_CONTROL_CODE = 0x100000;

  /** Where x86_64 kernels have their text unless KASLR moved it: {@code __START_KERNEL}. */
  private static final long X86_KERNEL_TEXT = 0xffff_ffff_8100_0000L;

  private static final PhysRange ISA_MEMORY = new PhysRange(0, 1 << 20);

  private final Machine machine;
  private final PlacedLoad placed;
  private final LoadType type;
  private final PageSource source;
  private final KimageLoader loader;
  private final ControlPages controlPages;

  RelocationPlanner(
      Machine machine, PlacedLoad placed, LoadType type, PageSource source, Limits limits) {
    this.machine = machine;
    this.placed = placed;
    this.type = type;
    this.source = source;
    this.loader = new KimageLoader(machine, type, placed.segments(), source, limits);
    this.controlPages = loader.controlPages();
  }

  /**
   * x86_64 kernels before v6.14 keep the top page table and the relocation code in one block of two
   * pages, and swap pages even where nothing is to be kept.
   */
  static boolean isX86BeforeSeparateTables(Machine machine) {
    return machine.architecture() == Architecture.X86_64
        && !machine.kernelVersion().isAtLeast(6, 14);
  }

  RelocationPlan plan() {
    long block = controlPages.allocate(isX86BeforeSeparateTables(machine) ? 1 : 0);
    OptionalLong swapPage =
        type == LoadType.DEFAULT ? OptionalLong.of(controlPages.allocate(0)) : OptionalLong.empty();
    long controlCode =
        switch (machine.architecture()) {
          case ARM64, RISCV64 -> block;
          case X86_64 -> isX86BeforeSeparateTables(machine) ? block + machine.pageSize() : block;
          case LOONGARCH64 -> LOONGARCH_CONTROL_CODE;
        };
    Optional<IdentityMap> prepared = prepare(block, controlCode);
    if (type == LoadType.CRASH) {
      controlPages.allocate(0); // kimage_crash_copy_vmcoreinfo
    }
    Optional<PurgatoryPlan> purgatory = PurgatoryPlan.of(machine, placed, loader.destinations());
    Kimage kimage = loader.load();
    IdentityMap identityMap = prepared.orElseGet(() -> postLoad(controlCode));
    return new RelocationPlan(
        machine,
        placed,
        source,
        kimage,
        controlCode,
        swapPage,
        controlPages.allocated(),
        identityMap,
        purgatory,
        new NotModelled(machine, placed, type, source).lines());
  }

  /** {@code machine_kexec_prepare}: empty where the tables are built only after loading. */
  private Optional<IdentityMap> prepare(long block, long controlCode) {
    return switch (machine.architecture()) {
      case X86_64 -> Optional.of(x86Tables(block, controlCode));
      case RISCV64 -> Optional.of(WithoutTables.MMU_OFF);
      case LOONGARCH64 -> Optional.of(WithoutTables.DIRECT_WINDOW);
      case ARM64 -> Optional.empty();
    };
  }

  /** {@code machine_kexec_post_load}: what is in place already needs no relocation. */
  private IdentityMap postLoad(long controlCode) {
    return type == LoadType.CRASH
        ? WithoutTables.MMU_OFF
        : Arm64Tables.build(
            machine.pageSize(), machine.dumpedRam(), controlCode, () -> controlPages.allocate(0));
  }

  private IdentityMap x86Tables(long block, long controlCode) {
    long root = isX86BeforeSeparateTables(machine) ? block : controlPages.allocate(0);
    X86Tables tables =
        new X86Tables(machine.cpu().fiveLevelPaging(), true, root, () -> controlPages.allocate(0));
    mappedRam().forEach(tables::map);
    placed.segments().stream().map(KexecSegment::range).forEach(tables::map);
    acpiTables().forEach(tables::map);
    return tables.finish(X86_KERNEL_TEXT, controlCode, loader::ordinaryPage);
  }

  /** About {@code pfn_mapped}: the whole pages of RAM, and the first MiB. */
  private List<PhysRange> mappedRam() {
    List<PhysRange> ram = new ArrayList<>(machine.dumpedRam());
    machine.e820().stream()
        .filter(entry -> entry.type() == E820Entry.RAM)
        .map(E820Entry::range)
        .forEach(ram::add);
    ram.add(ISA_MEMORY);
    List<PhysRange> whole = new ArrayList<>();
    for (PhysRange range : PhysRangeSet.of(ram).ranges()) {
      PhysRange pages = range.wholePages(machine.pageSize());
      if (!pages.isEmpty()) {
        whole.add(pages);
      }
    }
    return whole;
  }

  private List<PhysRange> acpiTables() {
    return machine
        .iomem()
        .map(
            iomem ->
                iomem.named(
                    name -> name.equals("ACPI Tables") || name.equals("ACPI Non-volatile Storage")))
        .orElse(List.of());
  }
}
