package io.github.kexecsim.loader.machine;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;

/**
 * A machine as its running kernel knows it: all that decides where kexec_file_load puts things.
 * Built by {@link MachineBuilder} from what is at hand.
 *
 * @param name what the machine is called in reports
 * @param architecture the running kernel's
 * @param kernelVersion the running kernel's
 * @param pageSize the running kernel's, in bytes: 4096, 16384 or 65536
 * @param walk where {@code ranges} come from
 * @param ranges where a default load may go, ascending and disjoint
 * @param dumpedRam what elfcorehdr describes before the crash regions are taken out, ascending
 * @param usableRam about how much the page allocator manages ({@code totalram_pages}), in bytes
 * @param crashRegion where a crash load goes ({@code crashk_res})
 * @param lowCrashRegion what the crash kernel gets below 4 GiB beside it ({@code crashk_low_res})
 * @param cpu what its CPUs can do
 * @param deviceTree the running kernel's device tree, where it has one
 * @param purgatory the running kernel's purgatory; meaningless where the architecture has none
 * @param e820 x86_64: the memory table that a default load hands over
 * @param iomem its /proc/iomem, where known
 * @param efiRuntimeMapSize x86_64: the size of the EFI runtime map handed over, in bytes
 * @param crashNotes what a crash dump needs to know of the running kernel
 * @param notes what this description rests on, for people to read
 */
public record Machine(
    String name,
    Architecture architecture,
    KernelVersion kernelVersion,
    int pageSize,
    MemoryWalk walk,
    List<PhysRange> ranges,
    List<PhysRange> dumpedRam,
    long usableRam,
    Optional<PhysRange> crashRegion,
    Optional<PhysRange> lowCrashRegion,
    Cpu cpu,
    Optional<FlattenedDeviceTree> deviceTree,
    Purgatory purgatory,
    List<E820Entry> e820,
    Optional<Iomem> iomem,
    long efiRuntimeMapSize,
    CrashNotes crashNotes,
    List<String> notes) {
  private static final List<Integer> PAGE_SIZES = List.of(4 << 10, 16 << 10, 64 << 10);

  public Machine {
    if (!PAGE_SIZES.contains(pageSize)) {
      throw new KexecException(
          Reason.INCOMPLETE_MACHINE,
          "a page size of " + pageSize + " bytes",
          "4096, 16384 or 65536");
    }
    if (efiRuntimeMapSize < 0 || efiRuntimeMapSize > 1 << 20) {
      throw new KexecException(
          Reason.INCOMPLETE_MACHINE,
          "an EFI runtime map of " + efiRuntimeMapSize + " bytes",
          "0 to 1 MiB");
    }
    for (int i = 1; i < ranges.size(); i++) {
      if (ranges.get(i).start() < ranges.get(i - 1).end()) {
        throw new IllegalArgumentException(ranges.get(i) + " does not follow " + ranges.get(i - 1));
      }
    }
    ranges = List.copyOf(ranges);
    dumpedRam = List.copyOf(dumpedRam);
    e820 = List.copyOf(e820);
    notes = List.copyOf(notes);
  }

  /** The same machine with another region for crash kernels. */
  public Machine withCrashRegion(PhysRange region) {
    return new Machine(
        name,
        architecture,
        kernelVersion,
        pageSize,
        walk,
        ranges,
        dumpedRam,
        usableRam,
        Optional.of(region),
        lowCrashRegion,
        cpu,
        deviceTree,
        purgatory,
        e820,
        iomem,
        efiRuntimeMapSize,
        crashNotes,
        notes);
  }

  /** The same machine with another device tree. */
  public Machine withDeviceTree(FlattenedDeviceTree tree) {
    return new Machine(
        name,
        architecture,
        kernelVersion,
        pageSize,
        walk,
        ranges,
        dumpedRam,
        usableRam,
        crashRegion,
        lowCrashRegion,
        cpu,
        Optional.of(tree),
        purgatory,
        e820,
        iomem,
        efiRuntimeMapSize,
        crashNotes,
        notes);
  }
}
