package io.github.kexecsim.loader.kaslr;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * Where the next kernel may be mapped: its link address and the offset that is added. Addresses are
 * unsigned.
 *
 * @param cause whether there is a random offset, or why not
 * @param why the same for people, one sentence without a full stop
 * @param base the virtual address at offset 0
 * @param lowest the lowest offset in bytes
 * @param highest the highest offset in bytes, some {@code align}s above the lowest
 * @param align the distance of neighbouring offsets in bytes, above 0
 * @param chosen the offset, where it is decided already: what the seed of the plan chooses, or the
 *     only one
 */
public record VirtualKaslr(
    KaslrCause cause,
    String why,
    long base,
    long lowest,
    long highest,
    long align,
    OptionalLong chosen) {
  /**
   * Checks that the parts agree.
   *
   * @throws IllegalArgumentException if there are several offsets without randomisation, or what is
   *     chosen is none
   */
  public VirtualKaslr {
    Objects.requireNonNull(why);
    boolean isOrdered = align > 0 && lowest >= 0 && highest >= lowest;
    if (!isOrdered || (highest - lowest) % align != 0) {
      throw new IllegalArgumentException(
          "offsets from " + lowest + " to " + highest + " by " + align);
    }
    if (!cause.isRandomised() && lowest != highest) {
      throw new IllegalArgumentException(cause + " with more than one offset");
    }
    if (chosen.isPresent()) {
      long offset = chosen.getAsLong();
      if (offset < lowest || offset > highest || (offset - lowest) % align != 0) {
        throw new IllegalArgumentException("chosen is no offset: " + offset);
      }
    }
  }

  /** A kernel that is mapped {@code offset} bytes above {@code base}, always. */
  public static VirtualKaslr fixed(KaslrCause cause, String why, long base, long offset) {
    return new VirtualKaslr(cause, why, base, offset, offset, 1, OptionalLong.of(offset));
  }

  /** How many offsets there are. */
  public long count() {
    return (highest - lowest) / align + 1;
  }

  /** Whole bits of entropy: the binary logarithm of the count, rounded down. */
  public int entropyBits() {
    return Long.SIZE - 1 - Long.numberOfLeadingZeros(count());
  }
}
