package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.fdt.DeviceTreeMemory;
import io.github.kexecsim.loader.fdt.FdtRegion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The memory that a machine has, whoever uses it now: what the running kernel took goes with it.
 *
 * @param memory all of it
 * @param reserved what of it the device tree reserves, by the reservation's name
 */
record SystemRam(PhysRangeSet memory, List<Reserved> reserved) {
  /** A reservation that outlives the running kernel. */
  record Reserved(String name, PhysRange range) {}

  SystemRam {
    reserved = List.copyOf(reserved);
  }

  /** As /proc/iomem tells it, or the device tree; empty where neither is known. */
  static Optional<SystemRam> of(Machine machine) {
    Optional<DeviceTreeMemory> tree =
        machine.deviceTree().map(DeviceTreeMemory::of).filter(told -> !told.memory().isEmpty());
    List<Reserved> reserved = tree.map(SystemRam::reserved).orElse(List.of());
    return machine
        .iomem()
        .map(Iomem::systemRam)
        .or(() -> tree.map(told -> told.memory().stream().map(SystemRam::range).toList()))
        .map(ranges -> new SystemRam(PhysRangeSet.of(ranges), reserved));
  }

  private static List<Reserved> reserved(DeviceTreeMemory tree) {
    return tree.reserved().stream()
        .filter(reservation -> !reservation.reusable())
        .map(reservation -> new Reserved(reservation.name(), range(reservation.region())))
        .toList();
  }

  private static PhysRange range(FdtRegion region) {
    return PhysRange.ofSize(region.address(), region.size());
  }

  /** What the machine reserves, beside a kernel that a stub puts into free memory. */
  static List<Neighbour> beside(Slots slots, Machine machine) {
    List<Neighbour> around = new ArrayList<>();
    for (Reserved reservation : of(machine).map(SystemRam::reserved).orElse(List.of())) {
      around.add(
          slots.neighbour(
              "reserved memory " + reservation.name(),
              reservation.range(),
              "EFI's memory map does not call it free"));
    }
    return around;
  }

  /** What a kernel that moves within {@code slots} may hit of reservations, or where no RAM is. */
  List<Neighbour> hits(Slots slots) {
    List<Neighbour> hits = new ArrayList<>();
    for (PhysRange gap : slots.reach().subtract(memory).ranges()) {
      if (slots.canHit(gap)) {
        hits.add(new Neighbour("no System RAM", gap, true, "the kernel does not look for memory"));
      }
    }
    for (Reserved reservation : reserved) {
      if (slots.canHit(reservation.range())) {
        hits.add(
            new Neighbour(
                "reserved memory " + reservation.name(),
                reservation.range(),
                true,
                "the kernel does not look at reservations before it moves"));
      }
    }
    return hits;
  }
}
