package io.github.kexecsim.model.efi;

import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What the emulation is to be like, and what an image's header does not tell of its build.
 *
 * @param services the services that are implemented; the others answer EFI_UNSUPPORTED
 * @param rngSeed what EFI_RNG_PROTOCOL's bytes are drawn from; empty for no such protocol
 * @param randomizeBase whether the kernel was built with CONFIG_RANDOMIZE_BASE
 * @param mapChanges how many times the memory map changes between the stub's look at it and
 *     ExitBootServices, as it does where an interrupt comes between
 * @param stackSize of the stub's stack in bytes, at least 128 KiB, as the specification promises
 */
public record EfiOptions(
    Set<EfiService> services,
    OptionalLong rngSeed,
    boolean randomizeBase,
    int mapChanges,
    long stackSize) {
  private static final long MIN_STACK = 128 << 10;

  /** All services, seed 0, KASLR built in, a quiet map, a stack of 128 KiB. */
  public static final EfiOptions DEFAULT =
      new EfiOptions(EfiService.WITHOUT_VARIABLES, OptionalLong.of(0), true, 0, MIN_STACK);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if a number is out of its range
   */
  public EfiOptions {
    if (mapChanges < 0 || stackSize < MIN_STACK || stackSize > 1 << 30) {
      throw new IllegalArgumentException("mapChanges " + mapChanges + ", stackSize " + stackSize);
    }
    services = Set.copyOf(services);
  }

  public EfiOptions withServices(Set<EfiService> implemented) {
    return new EfiOptions(implemented, rngSeed, randomizeBase, mapChanges, stackSize);
  }

  /** The same without one service. */
  public EfiOptions without(EfiService service) {
    EnumSet<EfiService> others = EnumSet.copyOf(services);
    others.remove(service);
    return withServices(others);
  }

  public EfiOptions withRngSeed(long seed) {
    return new EfiOptions(services, OptionalLong.of(seed), randomizeBase, mapChanges, stackSize);
  }

  public EfiOptions withoutRng() {
    return new EfiOptions(services, OptionalLong.empty(), randomizeBase, mapChanges, stackSize);
  }

  public EfiOptions withRandomizeBase(boolean builtIn) {
    return new EfiOptions(services, rngSeed, builtIn, mapChanges, stackSize);
  }

  public EfiOptions withMapChanges(int count) {
    return new EfiOptions(services, rngSeed, randomizeBase, count, stackSize);
  }
}
