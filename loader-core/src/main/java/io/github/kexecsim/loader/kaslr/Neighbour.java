package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.Objects;

/**
 * Something in memory that the next kernel needs or must not touch.
 *
 * @param what a segment's role by its label, or what the memory is reserved for, for people
 * @param range where it lies
 * @param canBeHit whether the next kernel may come to lie on it by its own randomisation
 * @param why why it can or cannot, one sentence without a full stop
 */
public record Neighbour(String what, PhysRange range, boolean canBeHit, String why) {
  public Neighbour {
    Objects.requireNonNull(what);
    Objects.requireNonNull(range);
    Objects.requireNonNull(why);
  }
}
