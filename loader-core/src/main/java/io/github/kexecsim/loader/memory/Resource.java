package io.github.kexecsim.loader.memory;

import java.util.List;

/**
 * A line of {@code /proc/iomem} with what is nested in it ({@code struct resource}).
 *
 * @param range its addresses
 * @param name what the kernel or a driver called it: not unique, possibly empty
 * @param children nested resources, ascending by start
 */
public record Resource(PhysRange range, String name, List<Resource> children) {
  /** Memory that the kernel manages, and that a default load may use. */
  public static final String SYSTEM_RAM = "System RAM";

  /** Memory that was set aside for a crash kernel. */
  public static final String CRASH_KERNEL = "Crash kernel";

  /**
   * Checks the nesting.
   *
   * @throws IllegalArgumentException if a child lies outside, or the children do not ascend
   */
  public Resource {
    children = List.copyOf(children);
    long start = range.start();
    for (Resource child : children) {
      if (!range.contains(child.range) || child.range.start() < start) {
        throw new IllegalArgumentException(child.range + " is out of place inside " + range);
      }
      start = child.range.start();
    }
  }
}
