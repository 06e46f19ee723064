package io.github.kexecsim.loader.image;

/**
 * How much a file may make its reader do.
 *
 * @param maxDepth how many layers may be nested, the file itself counted; at least 1
 * @param maxDecompressed how many bytes may come out of all layers together, 0 to 2^31 - 9, the
 *     largest array that every JVM gives
 */
public record Limits(int maxDepth, long maxDecompressed) {
  private static final long MAX_ARRAY = Integer.MAX_VALUE - 8;

  /** 8 layers, 512 MiB. */
  public static final Limits DEFAULT = new Limits(8, 512L << 20);

  public Limits {
    if (maxDepth < 1 || maxDecompressed < 0 || maxDecompressed > MAX_ARRAY) {
      throw new IllegalArgumentException(
          "not limits: depth " + maxDepth + ", bytes " + maxDecompressed);
    }
  }
}
