package io.github.kexecsim.loader.limit;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import java.util.StringJoiner;

/** A value for each {@link Limit}. Immutable. */
public final class Limits {
  /** Far above what real kernels and machines need, and what a small machine can bear. */
  public static final Limits DEFAULT = new Limits(defaults());

  /** Each as large as it can be set: for what was made here of input that was within limits. */
  public static final Limits LARGEST = new Limits(largest());

  private final long[] values;

  private Limits(long[] values) {
    this.values = values;
  }

  private static long[] defaults() {
    Limit[] all = Limit.values();
    long[] values = new long[all.length];
    for (Limit limit : all) {
      values[limit.ordinal()] = limit.byDefault();
    }
    return values;
  }

  private static long[] largest() {
    Limit[] all = Limit.values();
    long[] values = new long[all.length];
    for (Limit limit : all) {
      values[limit.ordinal()] = limit.most();
    }
    return values;
  }

  /** What a limit is set to. */
  public long of(Limit limit) {
    return values[limit.ordinal()];
  }

  /**
   * The same but for one.
   *
   * @param value {@link Limit#least} to {@link Limit#most}
   * @throws IllegalArgumentException for another value
   */
  public Limits with(Limit limit, long value) {
    if (value < limit.least() || value > limit.most()) {
      throw new IllegalArgumentException(
          limit + " is from " + limit.least() + " to " + limit.most() + ", not " + value);
    }
    long[] changed = values.clone();
    changed[limit.ordinal()] = value;
    return new Limits(changed);
  }

  /**
   * Holds input against a limit.
   *
   * @param found how much there is, taken as unsigned
   * @param what of which input, and where
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED} where it is more than the limit
   */
  public void check(Limit limit, long found, String what) {
    long allowed = of(limit);
    if (Long.compareUnsigned(found, allowed) > 0) {
      throw limit.exceeded(what, found, allowed);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Limits that && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  /** For instance {@code max-file=1073741824, max-decompressed=536870912, ...}. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ");
    for (Limit limit : Limit.values()) {
      text.add(limit.option() + "=" + of(limit));
    }
    return text.toString();
  }
}
