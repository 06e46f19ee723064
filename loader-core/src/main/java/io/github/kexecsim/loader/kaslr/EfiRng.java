package io.github.kexecsim.loader.kaslr;

import java.util.Random;

/**
 * What EFI_RNG_PROTOCOL hands out where a seed stands in for the machine's randomness: the same
 * bytes in the same order for the same seed.
 */
public final class EfiRng {
  /** Makes seeds that are neighbours give numbers that are not. */
  private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

  private final Random random;

  /** Begins anew with any seed. */
  public EfiRng(long seed) {
    this.random = new Random(seed * SPREAD);
  }

  /** The next bytes; each call takes whole words of 32 bits. */
  public byte[] next(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
