package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a tree says of memory, in its own order, as the kernel's early scan reads it
 * (drivers/of/fdt.c and drivers/of/of_reserved_mem.c, v6.1). Nothing is merged, cut to pages or
 * checked against the rest, and regions of size zero are left out as the kernel does.
 *
 * @param memory from the available children of the root whose device_type is memory: {@code
 *     linux,usable-memory}, else {@code reg}
 * @param reserved the memory reserve map, then the available children of /reserved-memory with a
 *     {@code reg}
 * @param dynamic the available children of /reserved-memory with a {@code size} and no {@code reg}:
 *     the kernel finds a place for them when it boots
 * @param reservedMemoryIgnored whether there is a /reserved-memory that the kernel ignores, because
 *     it has other cells than the root or no {@code ranges}
 * @param usable linux,usable-memory-range of /chosen: where not empty, the kernel forgets all other
 *     memory
 * @param initrd linux,initrd-start and -end of /chosen
 */
public record DeviceTreeMemory(
    List<FdtRegion> memory,
    List<Reserved> reserved,
    List<Dynamic> dynamic,
    boolean reservedMemoryIgnored,
    List<FdtRegion> usable,
    Optional<FdtRegion> initrd) {

  /** The name of reservations from the memory reserve map. */
  public static final String MEMRESERVE = "/memreserve/";

  /**
   * Memory that is spoken for.
   *
   * @param name of the node, or {@link #MEMRESERVE}
   * @param region where
   * @param noMap it must not be mapped, so it is no memory to the kernel
   * @param reusable the kernel may use it until its owner asks
   */
  public record Reserved(String name, FdtRegion region, boolean noMap, boolean reusable) {}

  /**
   * A reservation without a place.
   *
   * @param name of the node
   * @param size its length in bytes
   * @param alignment of its address in bytes, where stated
   * @param allocRanges where it must lie; anywhere when empty
   * @param noMap it must not be mapped
   * @param reusable the kernel may use it until its owner asks
   */
  public record Dynamic(
      String name,
      long size,
      Optional<Long> alignment,
      List<FdtRegion> allocRanges,
      boolean noMap,
      boolean reusable) {
    public Dynamic {
      allocRanges = List.copyOf(allocRanges);
    }
  }

  public DeviceTreeMemory {
    memory = List.copyOf(memory);
    reserved = List.copyOf(reserved);
    dynamic = List.copyOf(dynamic);
    usable = List.copyOf(usable);
  }

  /**
   * Reads what {@code tree} says.
   *
   * @throws io.github.kexecsim.loader.error.KexecException {@link Reason#BAD_DEVICE_TREE} where one
   *     of the properties does not have the shape that it must have
   */
  public static DeviceTreeMemory of(FlattenedDeviceTree tree) {
    return new Scan(tree).result();
  }

  private static final class Scan {
    private final FlattenedDeviceTree tree;
    private final int addressCells;
    private final int sizeCells;
    private final List<Reserved> reserved = new ArrayList<>();
    private final List<Dynamic> dynamic = new ArrayList<>();
    private boolean reservedMemoryIgnored;

    Scan(FlattenedDeviceTree tree) {
      this.tree = tree;
      this.addressCells = rootCells("#address-cells");
      this.sizeCells = rootCells("#size-cells");
    }

    /** The early scan takes 1 for either where the root does not say, unlike the specification. */
    private int rootCells(String property) {
      long cells = tree.root().property(property).map(FdtProperty::u32).orElse(1L);
      return (int) Math.min(cells, Integer.MAX_VALUE);
    }

    DeviceTreeMemory result() {
      List<FdtRegion> memory = new ArrayList<>();
      for (FdtNode node : tree.root().children()) {
        if (isMemory(node) && node.isAvailable()) {
          node.property("linux,usable-memory")
              .or(() -> node.property("reg"))
              .ifPresent(reg -> memory.addAll(regions(reg)));
        }
      }
      for (FdtRegion region : tree.memRsv()) {
        reserved.add(new Reserved(MEMRESERVE, region, false, false));
      }
      tree.node("/reserved-memory").ifPresent(this::scanReservedMemory);
      Optional<FdtNode> chosen = tree.node("/chosen");
      List<FdtRegion> usable =
          chosen
              .flatMap(node -> node.property("linux,usable-memory-range"))
              .map(this::regions)
              .orElse(List.of());
      return new DeviceTreeMemory(
          memory, reserved, dynamic, reservedMemoryIgnored, usable, chosen.flatMap(this::initrd));
    }

    private static boolean isMemory(FdtNode node) {
      return node.property("device_type")
          .map(type -> type.value().matches(0, "memory\0"))
          .orElse(false);
    }

    private void scanReservedMemory(FdtNode parent) {
      boolean asRoot =
          statesCells(parent, "#address-cells", addressCells)
              && statesCells(parent, "#size-cells", sizeCells);
      if (!asRoot || parent.property("ranges").isEmpty()) {
        reservedMemoryIgnored = true;
        return;
      }
      for (FdtNode node : parent.children()) {
        if (node.isAvailable()) {
          scanReservation(node);
        }
      }
    }

    private static boolean statesCells(FdtNode node, String property, int cells) {
      return node.property(property).map(stated -> stated.u32() == cells).orElse(false);
    }

    private void scanReservation(FdtNode node) {
      boolean noMap = node.property("no-map").isPresent();
      boolean reusable = node.property("reusable").isPresent();
      Optional<FdtProperty> reg = node.property("reg");
      Optional<FdtProperty> size = node.property("size");
      if (reg.isPresent()) {
        for (FdtRegion region : regions(reg.get())) {
          reserved.add(new Reserved(node.name(), region, noMap, reusable));
        }
      } else if (size.isPresent()) {
        dynamic.add(
            new Dynamic(
                node.name(),
                number(size.get(), sizeCells),
                node.property("alignment").map(property -> number(property, addressCells)),
                node.property("alloc-ranges").map(this::regions).orElse(List.of()),
                noMap,
                reusable));
      }
    }

    private List<FdtRegion> regions(FdtProperty property) {
      return property.regions(addressCells, sizeCells).stream()
          .filter(region -> region.size() != 0)
          .toList();
    }

    private static long number(FdtProperty property, int cells) {
      return cells == 1 ? property.u32() : property.u64();
    }

    private Optional<FdtRegion> initrd(FdtNode chosen) {
      Optional<FdtProperty> start = chosen.property("linux,initrd-start");
      Optional<FdtProperty> end = chosen.property("linux,initrd-end");
      if (start.isEmpty() || end.isEmpty()) {
        return Optional.empty();
      }
      long from = start.get().number();
      long to = end.get().number();
      if (Long.compareUnsigned(from, to) > 0) {
        return Optional.empty();
      }
      return Optional.of(new FdtRegion(from, to - from));
    }
  }
}
