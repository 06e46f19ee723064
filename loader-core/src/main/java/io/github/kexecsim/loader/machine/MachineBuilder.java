package io.github.kexecsim.loader.machine;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.DeviceTreeCpus;
import io.github.kexecsim.loader.fdt.DeviceTreeMemory;
import io.github.kexecsim.loader.fdt.FdtRegion;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.memory.BootLog;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.report.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Makes a {@link Machine} of what is at hand about one. At least one description of memory is
 * needed; of several, the one that the kernel itself walks is taken, then the closest to it.
 */
public final class MachineBuilder {
  /** The purgatories of the recorded kernels 7.2.13, by architecture. */
  private static final Purgatory X86_PURGATORY = new Purgatory(0x4000, 0x5000, 0x150);

  private static final Purgatory RISCV_PURGATORY = new Purgatory(0x20e0, 0x3000, 4);

  private final Architecture architecture;
  private String name = "unnamed machine";
  private KernelVersion kernelVersion = KernelVersion.NEWEST_RECORDED;
  private OptionalInt pageSize = OptionalInt.empty();
  private Cpu cpu = Cpu.UNKNOWN;
  private OptionalInt possibleCpus = OptionalInt.empty();
  private boolean la57;
  private Optional<PhysRange> crashRegion = Optional.empty();
  private Optional<Iomem> iomem = Optional.empty();
  private Optional<Memblock> memblock = Optional.empty();
  private Optional<BootLog> bootLog = Optional.empty();
  private Optional<FlattenedDeviceTree> deviceTree = Optional.empty();
  private Purgatory purgatory;
  private boolean movableNode;
  private long efiRuntimeMapSize;
  private CrashNotes crashNotes = CrashNotes.UNKNOWN;
  private final List<String> notes = new ArrayList<>();

  /** A builder for a machine whose running kernel is of this architecture. */
  public MachineBuilder(Architecture architecture) {
    this.architecture = architecture;
    this.purgatory = architecture == Architecture.X86_64 ? X86_PURGATORY : RISCV_PURGATORY;
  }

  public MachineBuilder name(String newName) {
    name = newName;
    return this;
  }

  /** The running kernel's version; {@link KernelVersion#NEWEST_RECORDED} unless told. */
  public MachineBuilder kernelVersion(KernelVersion version) {
    kernelVersion = version;
    return this;
  }

  /** The running kernel's page size in bytes; what is usual for the architecture unless told. */
  public MachineBuilder pageSize(int bytes) {
    pageSize = OptionalInt.of(bytes);
    return this;
  }

  /**
   * Its CPUs; {@link Cpu#UNKNOWN} unless told. Where the device tree of an arm64 or riscv64 machine
   * says how many there are, that counts.
   */
  public MachineBuilder cpu(Cpu newCpu) {
    cpu = newCpu;
    return this;
  }

  /** How many CPUs it may ever have, whatever its device tree says. */
  public MachineBuilder possibleCpus(int count) {
    possibleCpus = OptionalInt.of(count);
    return this;
  }

  /** That its CPUs can do 5-level page tables, whatever {@link #cpu} says. */
  public MachineBuilder la57() {
    la57 = true;
    return this;
  }

  /** The one region that it keeps for crash kernels, whatever /proc/iomem says. */
  public MachineBuilder crashRegion(PhysRange region) {
    crashRegion = Optional.of(region);
    return this;
  }

  /** Its /proc/iomem, read as root. */
  public MachineBuilder iomem(Iomem newIomem) {
    iomem = Optional.of(newIomem);
    return this;
  }

  /** Its /sys/kernel/debug/memblock. */
  public MachineBuilder memblock(Memblock newMemblock) {
    memblock = Optional.of(newMemblock);
    return this;
  }

  /** What its boot log says of memory. */
  public MachineBuilder bootLog(BootLog log) {
    bootLog = Optional.of(log);
    return this;
  }

  /**
   * Its device tree, as /sys/firmware/fdt has it, read within {@link Limits#DEFAULT}.
   *
   * @throws KexecException what {@link FlattenedDeviceTree#parse(ByteView)} throws
   */
  public MachineBuilder deviceTree(ByteView blob) {
    return deviceTree(FlattenedDeviceTree.parse(blob));
  }

  /** Its device tree. */
  public MachineBuilder deviceTree(FlattenedDeviceTree tree) {
    deviceTree = Optional.of(tree);
    return this;
  }

  /** Its kernel's purgatory; that of Linux 7.2 unless told. */
  public MachineBuilder purgatory(Purgatory build) {
    purgatory = build;
    return this;
  }

  /** What its running kernel was booted with. */
  public MachineBuilder bootCommandLine(String commandLine) {
    movableNode = List.of(commandLine.split(" ")).contains("movable_node");
    return this;
  }

  /** The size of its EFI runtime map in bytes: 0 where it did not boot by EFI. */
  public MachineBuilder efiRuntimeMapSize(long bytes) {
    efiRuntimeMapSize = bytes;
    return this;
  }

  /** Addresses of its running kernel that go into a crash dump's header. */
  public MachineBuilder crashNotes(CrashNotes newNotes) {
    crashNotes = newNotes;
    return this;
  }

  /** Adds a line on what the description rests on. */
  public MachineBuilder note(String note) {
    notes.add(note);
    return this;
  }

  /**
   * Makes the machine.
   *
   * @throws KexecException {@link Reason#INCOMPLETE_MACHINE} when nothing describes its memory, or
   *     what does has none; {@link Reason#BAD_DEVICE_TREE} for a device tree that contradicts
   *     itself
   */
  public Machine build() {
    MemoryWalk walk = walk();
    List<PhysRange> ranges = withoutCrashRegion(ranges(walk));
    if (ranges.isEmpty()) {
      throw new KexecException(
          Reason.INCOMPLETE_MACHINE,
          "the description of " + Field.printable(name) + " has no memory to load into",
          "check that it is whole: /proc/iomem shows \"System RAM\", memblock its regions");
    }
    List<String> allNotes = new ArrayList<>(notes);
    if (!walk.caveat().isEmpty()) {
      allNotes.add(walk.caveat());
    }
    iomem.ifPresent(map -> allNotes.addAll(map.warnings()));
    memblock.ifPresent(map -> allNotes.addAll(map.warnings()));
    bootLog.ifPresent(log -> allNotes.addAll(log.warnings()));
    if (pageSize.isEmpty() && architecture != Architecture.X86_64) {
      allNotes.add("the page size was not told: " + usualPageSize() + " bytes are assumed");
    }
    if (cpu.equals(Cpu.UNKNOWN) && architecture == Architecture.ARM64) {
      allNotes.add("the CPUs were not told: they are taken to run every page size and endianness");
    }
    if (deviceTree.isEmpty() && handsOverDeviceTree()) {
      allNotes.add(
          "the machine's device tree is not known: an empty one stands in for it, and the dtb's size"
              + " will differ");
    }
    List<PhysRange> crash = crashRegions();
    return new Machine(
        name,
        architecture,
        kernelVersion,
        pageSize.orElse(usualPageSize()),
        walk,
        ranges,
        dumpedRam(ranges),
        usableRam(walk, ranges),
        crash.isEmpty() ? Optional.empty() : Optional.of(crash.get(crash.size() - 1)),
        crash.size() < 2 ? Optional.empty() : Optional.of(crash.get(0)),
        la57 ? countedCpu().withLa57() : countedCpu(),
        deviceTree,
        purgatory,
        e820(allNotes),
        iomem,
        efiRuntimeMapSize,
        crashNotes,
        allNotes);
  }

  /** Debian's and most others' choice: 16 KiB on loongarch64, 4 KiB elsewhere. */
  private int usualPageSize() {
    return architecture == Architecture.LOONGARCH64 ? 16 << 10 : 4 << 10;
  }

  private boolean handsOverDeviceTree() {
    return architecture == Architecture.ARM64 || architecture == Architecture.RISCV64;
  }

  private List<PhysRange> crashRegions() {
    return crashRegion
        .map(List::of)
        .orElseGet(() -> iomem.map(Iomem::crashKernel).orElse(List.of()));
  }

  private Cpu countedCpu() {
    if (possibleCpus.isPresent()) {
      return cpu.withCount(possibleCpus.getAsInt());
    }
    if (deviceTree.isEmpty() || !handsOverDeviceTree()) {
      return cpu;
    }
    OptionalInt count =
        DeviceTreeCpus.possible(deviceTree.get(), architecture == Architecture.RISCV64);
    return count.isPresent() ? cpu.withCount(count.getAsInt()) : cpu;
  }

  private MemoryWalk walk() {
    if (architecture == Architecture.X86_64 && iomem.isPresent()) {
      return MemoryWalk.SYSTEM_RAM;
    }
    if (architecture != Architecture.X86_64 && memblock.isPresent()) {
      return MemoryWalk.MEMBLOCK;
    }
    if (iomem.isPresent()) {
      return MemoryWalk.IOMEM_ESTIMATE;
    }
    if (bootLog.isPresent()) {
      return MemoryWalk.BOOT_LOG;
    }
    if (deviceTree.isPresent()) {
      return MemoryWalk.DEVICE_TREE;
    }
    throw new KexecException(
        Reason.INCOMPLETE_MACHINE,
        "nothing says what memory " + Field.printable(name) + " has",
        "give its /proc/iomem, memblock lists, boot log or device tree");
  }

  private List<PhysRange> ranges(MemoryWalk walk) {
    return switch (walk) {
      case MEMBLOCK -> memblock.orElseThrow().freeRanges(movableNode);
      case SYSTEM_RAM -> iomem.orElseThrow().systemRam();
      case IOMEM_ESTIMATE -> iomem.orElseThrow().freeEstimate();
      case BOOT_LOG -> bootLog.orElseThrow().systemRam();
      case DEVICE_TREE -> freeRanges(deviceTree.orElseThrow());
    };
  }

  /** memblock reserves the region; on x86_64 it stays a part of System RAM, which is walked. */
  private List<PhysRange> withoutCrashRegion(List<PhysRange> ranges) {
    return architecture == Architecture.X86_64 || crashRegion.isEmpty()
        ? ranges
        : PhysRangeSet.of(List.of(crashRegion.get())).cutOutOf(ranges);
  }

  private List<PhysRange> freeRanges(FlattenedDeviceTree description) {
    DeviceTreeMemory tree = DeviceTreeMemory.of(description);
    if (!tree.dynamic().isEmpty()) {
      notes.add(
          "the device tree reserves memory without saying where; the running kernel chose a place"
              + " for it that is not known here");
    }
    PhysRangeSet memory =
        PhysRangeSet.of(tree.memory().stream().map(MachineBuilder::range).toList());
    if (!tree.usable().isEmpty()) {
      memory =
          memory.intersect(
              PhysRangeSet.of(tree.usable().stream().map(MachineBuilder::range).toList()));
    }
    List<PhysRange> reserved =
        Stream.concat(
                tree.reserved().stream().map(DeviceTreeMemory.Reserved::region),
                tree.initrd().stream())
            .map(MachineBuilder::range)
            .toList();
    return memory.subtract(PhysRangeSet.of(reserved)).ranges();
  }

  private static PhysRange range(FdtRegion region) {
    return PhysRange.ofSize(region.address(), region.size());
  }

  /**
   * arm64 and loongarch64 describe memblock's memory to a crash kernel, the others the System RAM
   * resources, those of drivers ({@code System RAM (kmem)}) among them.
   */
  private List<PhysRange> dumpedRam(List<PhysRange> ranges) {
    boolean fromMemblock =
        architecture == Architecture.ARM64 || architecture == Architecture.LOONGARCH64;
    if (fromMemblock && memblock.isPresent()) {
      return memblock.get().mappedRanges();
    }
    return iomem
        .map(map -> map.named(n -> n.equals("System RAM") || n.startsWith("System RAM (")))
        .orElse(ranges);
  }

  /** The free pages of memblock, or System RAM less the running kernel and its page structs. */
  private long usableRam(MemoryWalk walk, List<PhysRange> ranges) {
    long total = PhysRangeSet.of(ranges).totalSize();
    if (walk != MemoryWalk.SYSTEM_RAM) {
      return total;
    }
    List<PhysRange> taken =
        iomem.orElseThrow().named(n -> n.startsWith("Kernel ") || n.equals("Crash kernel"));
    return (total - PhysRangeSet.of(taken).totalSize()) / 64 * 63;
  }

  private List<E820Entry> e820(List<String> allNotes) {
    if (architecture != Architecture.X86_64) {
      return List.of();
    }
    Optional<List<E820Entry>> fromLog =
        bootLog.flatMap(BootLog::firmwareE820).map(table -> table.entries());
    if (fromLog.isPresent()) {
      return fromLog.get();
    }
    allNotes.add("no boot log: the memory table handed over is made from /proc/iomem");
    return iomem.map(MachineBuilder::e820Of).orElse(List.of());
  }

  private static List<E820Entry> e820Of(Iomem map) {
    List<E820Entry> entries = new ArrayList<>();
    map.systemRam().forEach(range -> entries.add(new E820Entry(range, E820Entry.RAM)));
    map.named("Reserved"::equals)
        .forEach(range -> entries.add(new E820Entry(range, E820Entry.RESERVED)));
    map.named("ACPI Tables"::equals)
        .forEach(range -> entries.add(new E820Entry(range, E820Entry.ACPI)));
    map.named("ACPI Non-volatile Storage"::equals)
        .forEach(range -> entries.add(new E820Entry(range, E820Entry.NVS)));
    entries.sort((one, other) -> one.range().compareTo(other.range()));
    return entries;
  }
}
