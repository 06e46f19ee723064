package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * Where in memory the next kernel may run.
 *
 * @param cause whether it is moved, or why not
 * @param why the same for people, one sentence without a full stop
 * @param slots where it may begin; one where it stays
 * @param chosen where it begins, where that is decided already: what the seed of the plan chooses,
 *     or the one slot
 */
public record PhysicalKaslr(KaslrCause cause, String why, Slots slots, OptionalLong chosen) {
  /**
   * Checks that the parts agree.
   *
   * @throws IllegalArgumentException if there is no slot, several without randomisation, or what is
   *     chosen is none
   */
  public PhysicalKaslr {
    Objects.requireNonNull(why);
    boolean isCountRight = cause.isRandomised() ? slots.count() > 0 : slots.count() == 1;
    if (!isCountRight) {
      throw new IllegalArgumentException(cause + " with " + slots.count() + " slots");
    }
    if (chosen.isPresent() && !slots.contains(chosen.getAsLong())) {
      throw new IllegalArgumentException("chosen is no slot: " + chosen.getAsLong());
    }
  }

  /** A kernel that stays in its only slot. */
  public static PhysicalKaslr staying(KaslrCause cause, String why, Slots slot) {
    return new PhysicalKaslr(cause, why, slot, OptionalLong.of(slot.lowest()));
  }

  /** A kernel that its EFI stub alone would move, entered behind it. */
  static PhysicalKaslr withoutStub(PhysRange image) {
    return staying(
        KaslrCause.ENTERED_DIRECTLY,
        "kexec passes by the EFI stub, which alone would move it",
        Slots.fixed(image));
  }
}
