package io.github.kexecsim.bench;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * All methods on one sample.
 *
 * @param sample what they compressed
 * @param methods one measurement a method, in the methods' order
 * @param shipped the image's own payload, all of it; empty where it has none
 */
public record BenchResult(Sample sample, List<Measurement> methods, Optional<Measurement> shipped) {
  public BenchResult {
    Objects.requireNonNull(sample);
    Objects.requireNonNull(shipped);
    methods = List.copyOf(methods);
  }
}
