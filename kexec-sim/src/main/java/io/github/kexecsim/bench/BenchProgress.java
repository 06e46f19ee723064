package io.github.kexecsim.bench;

/** Told how far a {@link CodecBench} has come. */
@FunctionalInterface
public interface BenchProgress {
  /**
   * Reports a position.
   *
   * @param done how many steps are done
   * @param steps how many there are, at least 1
   * @param doing what is being done now
   */
  void at(int done, int steps, String doing);
}
