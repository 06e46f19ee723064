package io.github.kexecsim.loader.x86;

import java.util.Random;

/**
 * The random numbers of one boot. The decompressor mixes them of RDRAND, the time stamp counter and
 * the interval timer ({@code arch/x86/lib/kaslr.c, kaslr_get_random_long}); here they are drawn of
 * a seed, so that a plan is the same on every run: any slot comes out for some seed, and none says
 * what a machine will do.
 *
 * @param physical 64 bits for the place in memory
 * @param virtual 64 bits for the place in the address space
 */
public record KaslrDraw(long physical, long virtual) {
  /** Keeps the draws apart from the seeds that are drawn of the same number for the next kernel. */
  private static final long KASLR = 0x6b61_736c_7278_3836L;

  /** The draws of a seed. */
  public static KaslrDraw of(long seed) {
    Random random = new Random(seed ^ KASLR);
    return new KaslrDraw(random.nextLong(), random.nextLong());
  }
}
