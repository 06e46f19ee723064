package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Cpu;
import io.github.kexecsim.loader.machine.CrashNotes;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MemoryWalk;
import io.github.kexecsim.loader.machine.Purgatory;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;

/** Machines that are nothing but memory. */
final class TestMachines {
  static final long MIB = 1 << 20;
  static final KernelVersion LINUX_7_2 = new KernelVersion(7, 2);

  private TestMachines() {}

  static Machine of(Architecture architecture, List<PhysRange> ranges) {
    return of(architecture, LINUX_7_2, 4096, ranges, Optional.empty());
  }

  static Machine of(
      Architecture architecture,
      KernelVersion version,
      int pageSize,
      List<PhysRange> ranges,
      Optional<PhysRange> crashRegion) {
    return new Machine(
        "test",
        architecture,
        version,
        pageSize,
        architecture == Architecture.X86_64 ? MemoryWalk.SYSTEM_RAM : MemoryWalk.MEMBLOCK,
        ranges,
        ranges,
        1L << 40,
        crashRegion,
        Optional.empty(),
        Cpu.UNKNOWN,
        Optional.empty(),
        new Purgatory(0x2e00, 0x3000, 0x150),
        List.of(),
        Optional.empty(),
        0,
        CrashNotes.UNKNOWN,
        List.of());
  }

  /** One range of RAM. */
  static PhysRange mib(long start, long end) {
    return new PhysRange(start * MIB, end * MIB);
  }

  static PlacementRequest request(Machine machine, FileContent kernel, LoadType type) {
    return new PlacementRequest(machine, kernel, Optional.empty(), "quiet", type, 0);
  }

  static PlacementRequest request(
      Machine machine, FileContent kernel, long initrdSize, LoadType type) {
    return new PlacementRequest(
        machine, kernel, Optional.of(FileContent.ofSize(initrdSize)), "quiet", type, 0);
  }

  static PlacedLoad place(PlacementRequest request) {
    return Placement.of(request.machine().architecture()).place(request);
  }
}
