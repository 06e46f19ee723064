package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FdtRegion;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.fdt.KexecDeviceTree;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.Optional;

/** The device tree of a load: the running machine's, told what was placed so far. */
record HandedDeviceTree(ByteView bytes) {
  /**
   * Makes the tree.
   *
   * @param commandLine what becomes bootargs
   * @param initrd where the initrd lies, if there is one
   * @param elfcorehdr where elfcorehdr lies, in a crash load
   */
  static HandedDeviceTree of(
      PlacementRequest request,
      String commandLine,
      Optional<KexecSegment> initrd,
      Optional<KexecSegment> elfcorehdr) {
    Machine machine = request.machine();
    KexecDeviceTree.Edits edits =
        KexecDeviceTree.Edits.forPageSize(machine.pageSize())
            .withCmdline(commandLine)
            .withRngSeed(request.seed());
    if (initrd.isPresent()) {
      edits = edits.withInitrd(new FdtRegion(initrd.get().mem(), initrd.get().bufsz()));
    }
    if (elfcorehdr.isPresent()) {
      edits =
          edits.withCrash(
              new KexecDeviceTree.Crash(
                  new FdtRegion(elfcorehdr.get().mem(), elfcorehdr.get().bufsz()),
                  region(machine.crashRegion().orElseThrow()),
                  machine.lowCrashRegion().map(HandedDeviceTree::region)));
    }
    FlattenedDeviceTree running =
        machine.deviceTree().orElseGet(HandedDeviceTree::ofUnknownMachine);
    return new HandedDeviceTree(ByteView.of(KexecDeviceTree.setup(running, edits)));
  }

  private static FdtRegion region(PhysRange range) {
    return new FdtRegion(range.start(), range.size());
  }

  /** The least that an EFI stub makes for a kernel that boots by ACPI. */
  private static FlattenedDeviceTree ofUnknownMachine() {
    return FlattenedDeviceTree.parse(
        ByteView.of(
            new FdtBuilder()
                .u32("#address-cells", 2)
                .u32("#size-cells", 2)
                .beginNode("chosen")
                .endNode()
                .build()));
  }
}
