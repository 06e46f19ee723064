package io.github.kexecsim.loader.fdt;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A node. Where a name occurs twice, the first is the one that is found, as in the kernel.
 *
 * @param name with its unit address, empty for the root
 * @param offset where the node begins in the blob
 * @param properties in the blob's order
 * @param children in the blob's order
 */
public record FdtNode(
    String name, int offset, List<FdtProperty> properties, List<FdtNode> children) {
  private static final int MAX_CELLS = 4;

  public FdtNode {
    Objects.requireNonNull(name);
    properties = List.copyOf(properties);
    children = List.copyOf(children);
  }

  /** The property of that name. */
  public Optional<FdtProperty> property(String wanted) {
    return properties.stream().filter(property -> property.name().equals(wanted)).findFirst();
  }

  /**
   * The first child of that name. A name without unit address finds a child that has one: {@code
   * memory} finds {@code memory@40000000}.
   */
  public Optional<FdtNode> child(String wanted) {
    return children.stream().filter(child -> nameMatches(child.name, wanted)).findFirst();
  }

  /** libfdt's rule for a step of a path. */
  static boolean nameMatches(String name, String wanted) {
    return name.startsWith(wanted)
        && (name.length() == wanted.length()
            || name.charAt(wanted.length()) == '@' && wanted.indexOf('@') < 0);
  }

  /**
   * How many cells an address in the {@code reg} of this node's children has, 1 to 4: its own
   * #address-cells, or 2 where it has none. It is not inherited (Devicetree Specification 2.3.5).
   */
  public int addressCells() {
    int cells = cells("#address-cells", 2);
    if (cells == 0) {
      throw FdtErrors.malformed(offset, "#address-cells is 0, expected 1 to 4");
    }
    return cells;
  }

  /** How many cells a size in the {@code reg} of this node's children has, 0 to 4; 1 by default. */
  public int sizeCells() {
    return cells("#size-cells", 1);
  }

  private int cells(String property, int byDefault) {
    Optional<FdtProperty> stated = property(property);
    if (stated.isEmpty()) {
      return byDefault;
    }
    long cells = stated.get().u32();
    if (cells > MAX_CELLS) {
      throw FdtErrors.malformed(
          stated.get().offset(),
          String.format("%s is 0x%x, expected at most %x", property, cells, MAX_CELLS));
    }
    return (int) cells;
  }

  /**
   * Whether the kernel uses the node: its {@code status} is {@code okay}, {@code ok} or not stated.
   */
  public boolean isAvailable() {
    Optional<FdtProperty> status = property("status");
    if (status.isEmpty()) {
      return true;
    }
    String text = status.get().value().cString(0, status.get().value().size());
    return text.equals("okay") || text.equals("ok");
  }

  @Override
  public String toString() {
    return name.isEmpty() ? "/" : name;
  }
}
