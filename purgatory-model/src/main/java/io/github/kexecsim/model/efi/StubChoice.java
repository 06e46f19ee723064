package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.kaslr.KaslrCause;
import io.github.kexecsim.loader.kaslr.PhysicalKaslr;
import io.github.kexecsim.loader.kaslr.Slots;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What decides where a stub puts its kernel.
 *
 * @param word 32 bits by which efi_random_alloc chooses
 * @param cause whether they are random, or why not
 */
record StubChoice(long word, KaslrCause cause) {
  /** Whether the kernel is told of no seed either. */
  boolean nokaslr() {
    return !cause.isRandomised();
  }

  /**
   * The choice as it turned out.
   *
   * @param among the places of which one was taken, where it was taken so
   * @param place where the kernel lies
   */
  PhysicalKaslr physical(Optional<Slots> among, PhysRange place) {
    if (cause.isRandomised() && among.isPresent()) {
      return new PhysicalKaslr(
          cause,
          "its EFI stub takes one of all that are free",
          among.get(),
          OptionalLong.of(place.start()));
    }
    KaslrCause stays = cause.isRandomised() ? KaslrCause.NO_SEED : cause;
    return PhysicalKaslr.staying(stays, why(stays), Slots.fixed(place));
  }

  private static String why(KaslrCause cause) {
    return switch (cause) {
      case NOKASLR -> "nokaslr is on the command line";
      case NOT_BUILT_IN -> "the kernel is built without CONFIG_RANDOMIZE_BASE";
      default -> "the stub gets no random number";
    };
  }
}
