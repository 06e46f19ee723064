package io.github.kexecsim.model.emit;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.DeviceTreeMemory;
import io.github.kexecsim.loader.fdt.FdtNode;
import io.github.kexecsim.loader.fdt.FdtProperty;
import io.github.kexecsim.loader.fdt.FdtRegion;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.image.Arm64Image;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.handoff.HandoffStub;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * QEMU's machine {@code virt} such as the device tree describes it that the next kernel is handed.
 * Addresses are those of {@code hw/arm/virt.c} and {@code hw/riscv/virt.c} (QEMU 7.2).
 *
 * @param emulator the command
 * @param options of the command, each with its value: the machine, its CPUs and its firmware
 * @param ram from its fixed start to where the tree's memory ends, in units of 2 MiB
 * @param firmware what of {@code ram} is in use when the hand-off stub runs
 */
record QemuVirt(String emulator, List<String> options, PhysRange ram, List<PhysRange> firmware) {
  private static final long MIB = 1 << 20;
  private static final long RAM_UNIT = 2 * MIB;

  private static final long ARM64_RAM = 0x4000_0000L;

  private static final long RISCV64_RAM = 0x8000_0000L;

  /** What OpenSBI keeps to itself at the start of memory. */
  private static final long OPENSBI_SIZE = 512 << 10;

  /** QEMU puts OpenSBI's device tree at the end of what 32 bits address below the devices. */
  private static final long TREE_LIMIT = 0xc000_0000L;

  private static final long TREE_SIZE = MIB;

  private static final int PAGE_16K = 16 << 10;

  QemuVirt {
    options = List.copyOf(options);
    firmware = List.copyOf(firmware);
  }

  /**
   * The machine for a load.
   *
   * @throws KexecException {@link Reason#NOT_EMULATED} if there is none; {@link
   *     Reason#BAD_DEVICE_TREE} if the tree that is handed over is none
   */
  static QemuVirt of(Architecture architecture, PlacedLoad load) {
    if (!HandoffStub.exists(architecture)) {
      throw refusal(
          "there is no hand-off stub for " + architecture + " kernels",
          "boot scripts are made for arm64 and riscv64");
    }
    FlattenedDeviceTree tree =
        FlattenedDeviceTree.parse(content(load, SegmentRole.DTB), Limits.LARGEST);
    return architecture == Architecture.ARM64
        ? arm64(tree, content(load, SegmentRole.KERNEL))
        : riscv64(tree);
  }

  private static ByteView content(PlacedLoad load, SegmentRole role) {
    return load.segments().stream()
        .filter(segment -> segment.role() == role)
        .flatMap(segment -> segment.content().stream())
        .findFirst()
        .orElseThrow(() -> refusal("the bytes of a " + role + " segment are not known", ""));
  }

  private static QemuVirt arm64(FlattenedDeviceTree tree, ByteView kernel) {
    String machine = "virt";
    if (tree.root().children().stream().anyMatch(node -> isCompatible(node, "arm,gic-v3"))) {
      machine += ",gic-version=3";
    }
    // Calls to the monitor instead of the hypervisor: the kernel is the hypervisor.
    if (text(tree.node("/psci"), "method").equals("smc")) {
      machine += ",virtualization=on";
    }
    // Few CPUs have 16 KiB pages; "max" does, and is slow without the last part.
    boolean is16k = Arm64Image.parse(kernel, kernel.size()).pageSize().orElse(0) == PAGE_16K;
    String cpu = is16k ? "max,pauth-impdef=on" : "cortex-a57";
    return new QemuVirt(
        "qemu-system-aarch64",
        List.of("-M " + machine, "-cpu " + cpu, smp(tree)),
        ram(tree, ARM64_RAM),
        List.of());
  }

  private static QemuVirt riscv64(FlattenedDeviceTree tree) {
    PhysRange ram = ram(tree, RISCV64_RAM);
    long treeEnd = Math.min(ram.end(), TREE_LIMIT);
    PhysRange treeOfFirmware = PhysRange.ofSize(treeEnd - RAM_UNIT, TREE_SIZE);
    return new QemuVirt(
        "qemu-system-riscv64",
        List.of("-M virt", "-bios default", smp(tree)),
        ram,
        List.of(PhysRange.ofSize(RISCV64_RAM, OPENSBI_SIZE), treeOfFirmware));
  }

  private static boolean isCompatible(FdtNode node, String wanted) {
    return node.property("compatible").map(FdtProperty::strings).orElse(List.of()).contains(wanted);
  }

  private static String text(Optional<FdtNode> node, String property) {
    return node.flatMap(found -> found.property(property)).map(FdtProperty::string).orElse("");
  }

  private static String smp(FlattenedDeviceTree tree) {
    long cpus =
        tree.node("/cpus").stream()
            .flatMap(node -> node.children().stream())
            .filter(node -> text(Optional.of(node), "device_type").equals("cpu"))
            .count();
    return "-smp " + Math.max(cpus, 1);
  }

  private static PhysRange ram(FlattenedDeviceTree tree, long base) {
    List<PhysRange> memory = new ArrayList<>();
    for (FdtRegion region : DeviceTreeMemory.of(tree).memory()) {
      memory.add(PhysRange.ofSize(region.address(), region.size()));
    }
    if (memory.isEmpty()) {
      throw refusal(
          "the device tree that is handed over describes no memory, as on a machine that boots by"
              + " EFI",
          "plan the load for a machine whose device tree does: \"qemu-system-... -M"
              + " virt,dumpdtb=FILE\" writes one");
    }
    memory.sort(null);
    if (memory.get(0).start() != base) {
      throw refusal(
          String.format(
              "the machine's memory begins at 0x%x, and that of QEMU's machine virt at 0x%x",
              memory.get(0).start(), base),
          "plan the load for the device tree of QEMU's machine virt");
    }
    long end = memory.stream().mapToLong(PhysRange::end).max().orElseThrow();
    return new PhysRange(base, Alignment.up(end, RAM_UNIT));
  }

  /** The memory that it has, in MiB. */
  long mebibytes() {
    return ram.size() / MIB;
  }

  /**
   * Checks that what is put into memory can be there.
   *
   * @throws KexecException {@link Reason#NOT_EMULATED} otherwise
   */
  void checkRoom(HandoffStub stub, List<KexecSegment> segments) {
    Stream.concat(Stream.of(stub.page()), segments.stream().map(KexecSegment::range))
        .forEach(this::checkRoom);
  }

  private void checkRoom(PhysRange range) {
    if (!ram.contains(range)) {
      throw refusal(
          range + " is outside the memory of the device tree that is handed over, " + ram,
          "the description of the machine's memory contradicts its device tree");
    }
    for (PhysRange taken : firmware) {
      if (taken.overlaps(range)) {
        throw refusal(
            "what is to be at " + range + " meets the firmware, which has " + taken,
            "describe the machine as its running kernel sees it: by its memblock lists, or by a"
                + " device tree with this range in /reserved-memory");
      }
    }
  }

  private static KexecException refusal(String message, String hint) {
    return new KexecException(Reason.NOT_EMULATED, message, hint);
  }
}
