package io.github.kexecsim.loader.codec;

/**
 * How close a decompressor that works in one buffer comes to what it has yet to read.
 *
 * @param smallestDistance the fewest bytes between the end of the output and the first byte of the
 *     payload that is still to be read; negative where the payload would be overwritten
 * @param consumed how much of the payload had been read there, in bytes
 * @param produced how much output there was then, in bytes
 * @param granted how far the payload's end lies behind the output's, in bytes: the margin
 */
public record InPlaceMargin(long smallestDistance, int consumed, int produced, long granted) {
  /** Whether the output never reaches what is still to be read. */
  public boolean isEnough() {
    return smallestDistance >= 0;
  }

  /** The smallest margin with which the output never reaches what is still to be read; bytes. */
  public long needed() {
    return granted - smallestDistance;
  }
}
