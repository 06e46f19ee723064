package io.github.kexecsim.bench;

import java.util.Collections;
import java.util.List;

/**
 * How long the calls of one decompressor took, one after the other in a new process.
 *
 * @param nanos nanoseconds of every call in order; at least two
 */
public record Timings(List<Long> nanos) {
  /** A clock may stand still for the time of a call, but no speed is infinite. */
  private static final long LEAST = 1;

  public Timings {
    nanos = List.copyOf(nanos);
    if (nanos.size() < 2) {
      throw new IllegalArgumentException("only " + nanos.size() + " calls");
    }
  }

  /** The first call: loading of classes and native libraries, and code not yet compiled. */
  public long firstNanos() {
    return Math.max(nanos.get(0), LEAST);
  }

  /**
   * The fastest call. A decoder does the same work every time, so what makes another call slower is
   * code not yet compiled, or other work on the machine.
   */
  public long warmNanos() {
    return Math.max(Collections.min(nanos), LEAST);
  }
}
