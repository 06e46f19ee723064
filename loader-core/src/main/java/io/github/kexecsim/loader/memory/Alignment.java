package io.github.kexecsim.loader.memory;

/**
 * Rounding of sizes and addresses. Values are 64 raw bits: what rounds up beyond 2^64 begins again
 * at 0, so callers bound what they read from a file first.
 */
public final class Alignment {
  private Alignment() {}

  /**
   * The lowest multiple of {@code alignment} that is not below {@code value}.
   *
   * @param alignment a power of two
   * @throws IllegalArgumentException if it is none
   */
  public static long up(long value, long alignment) {
    checkPowerOfTwo(alignment);
    return value + alignment - 1 & -alignment;
  }

  /**
   * The highest multiple of {@code alignment} that is not above {@code value}.
   *
   * @param alignment a power of two
   * @throws IllegalArgumentException if it is none
   */
  public static long down(long value, long alignment) {
    checkPowerOfTwo(alignment);
    return value & -alignment;
  }

  /**
   * The lowest multiple of any {@code step} that is not below {@code value}, such as of an
   * alignment that a file tells.
   *
   * @param value not negative, and with room for a step above it below 2^63
   * @param step not negative; 0 asks for nothing, and leaves the value as it is
   * @throws IllegalArgumentException if one is negative
   */
  public static long upToMultiple(long value, long step) {
    if (value < 0 || step < 0) {
      throw new IllegalArgumentException(value + " to a multiple of " + step);
    }
    return step == 0 ? value : (value + step - 1) / step * step;
  }

  private static void checkPowerOfTwo(long alignment) {
    if (alignment <= 0 || Long.bitCount(alignment) != 1) {
      throw new IllegalArgumentException(
          String.format("an alignment of 0x%x, expected a power of two", alignment));
    }
  }
}
