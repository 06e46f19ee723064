package io.github.kexecsim.loader.fdt;

/**
 * How much of a device tree is read before it is refused with {@link
 * io.github.kexecsim.loader.error.Reason#LIMIT_EXCEEDED}. Memory and time are proportional to
 * these.
 *
 * @param maxSize the most bytes a blob may claim (totalsize), 1 to 2^30
 * @param maxDepth the most nodes within one another, the root being one
 * @param maxNodes the most nodes
 * @param maxProperties the most properties, of all nodes together
 * @param maxNameLength the longest name of a property, in bytes
 */
public record FdtLimits(
    int maxSize, int maxDepth, int maxNodes, int maxProperties, int maxNameLength) {
  /** Far above every real tree; 64 levels are what the kernel unflattens. */
  public static final FdtLimits DEFAULT = new FdtLimits(1 << 24, 64, 1 << 16, 1 << 19, 255);

  public FdtLimits {
    if (maxSize < 1 || maxSize > 1 << 30) {
      throw new IllegalArgumentException("maxSize must be 1 to 2^30");
    }
    if (maxDepth < 1 || maxNodes < 1 || maxProperties < 0 || maxNameLength < 1) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }
}
