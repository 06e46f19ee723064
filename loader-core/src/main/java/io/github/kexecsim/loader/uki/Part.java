package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Objects;

/**
 * Something that the kernel is started with.
 *
 * @param from where it comes from: a section, a section of an addon, or what was given
 * @param why why it is taken, and at this place; printable
 * @param bytes its bytes, the padding of the file left out
 */
public record Part(String from, String why, ByteView bytes) {
  /** Where what a person gives comes from. */
  public static final String GIVEN = "given";

  public Part {
    Objects.requireNonNull(from);
    Objects.requireNonNull(why);
    Objects.requireNonNull(bytes);
  }
}
