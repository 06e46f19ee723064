package io.github.kexecsim.bench;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Objects;

/**
 * The part of a kernel that every method compresses: all of it, or equally long pieces from all
 * over it. A prefix would be code alone, and that compresses worse than tables and data do.
 *
 * @param bytes the pieces behind one another
 * @param pieces how many they are; 1 where they are the whole kernel
 * @param kernelSize how many bytes the whole kernel has, at least as many as {@code bytes}
 */
public record Sample(ByteView bytes, int pieces, long kernelSize) {
  private static final int PIECES = 16;

  /** Pieces begin at multiples of this, so that branch filters find the instructions aligned. */
  private static final int ALIGNMENT = 4096;

  /** The smallest sample: a page from every piece's place. */
  public static final int LEAST = PIECES * ALIGNMENT;

  public Sample {
    Objects.requireNonNull(bytes);
    if (bytes.size() == 0 || pieces < 1 || kernelSize < bytes.size()) {
      throw new IllegalArgumentException(
          pieces + " pieces, " + bytes.size() + " bytes of " + kernelSize);
    }
  }

  /**
   * Takes a sample.
   *
   * @param most the most bytes that it may have, at least {@link #LEAST}
   */
  public static Sample of(ByteView kernel, long most) {
    if (most < LEAST) {
      throw new IllegalArgumentException("a sample of " + most + " bytes");
    }
    if (kernel.size() <= most) {
      return new Sample(kernel, 1, kernel.size());
    }
    int length = alignDown(most / PIECES);
    byte[] bytes = new byte[PIECES * length];
    for (int i = 0; i < PIECES; i++) {
      int from = alignDown((long) i * (kernel.size() - length) / (PIECES - 1));
      kernel.copyTo(from, bytes, i * length, length);
    }
    return new Sample(ByteView.of(bytes), PIECES, kernel.size());
  }

  private static int alignDown(long value) {
    return (int) (value / ALIGNMENT * ALIGNMENT);
  }

  /** Whether nothing is left out. */
  public boolean isWhole() {
    return bytes.size() == kernelSize;
  }
}
