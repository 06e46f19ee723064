package io.github.kexecsim.loader.memory;

import java.util.Set;

/**
 * One region of memblock.
 *
 * @param range byte-granular, as reservations are
 * @param node the NUMA node, or {@link #NUMA_NO_NODE}
 * @param flags its attributes; the kernel prints only the first of several
 */
public record MemblockRegion(PhysRange range, int node, Set<MemblockFlag> flags) {
  /** The node of a region that belongs to none, or whose node was not printed. */
  public static final int NUMA_NO_NODE = -1;

  /**
   * Checks the node.
   *
   * @throws IllegalArgumentException if the node is below {@link #NUMA_NO_NODE}
   */
  public MemblockRegion {
    if (node < NUMA_NO_NODE) {
      throw new IllegalArgumentException("node " + node);
    }
    flags = Set.copyOf(flags);
  }

  /** A region on no node and without flags. */
  public MemblockRegion(PhysRange range) {
    this(range, NUMA_NO_NODE, Set.of());
  }

  /** Whether the walk over free memory passes the region by ({@code should_skip_region}). */
  boolean isSkipped(boolean movableNode) {
    return flags.contains(MemblockFlag.NOMAP)
        || flags.contains(MemblockFlag.DRIVER_MANAGED)
        || movableNode && flags.contains(MemblockFlag.HOTPLUG);
  }
}
