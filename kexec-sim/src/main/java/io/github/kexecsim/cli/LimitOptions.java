package io.github.kexecsim.cli;

import io.github.kexecsim.loader.image.Limits;

/** How much an image may make its reader do, as options. */
final class LimitOptions {
  static final Option MAX_DECOMPRESSED =
      Option.of(
          "SIZE",
          "Let no more than this come out of all layers together; 512M unless told.",
          "--max-decompressed");
  static final Option MAX_DEPTH =
      Option.of("N", "Take off no more layers than this; 8 unless told.", "--max-depth");

  private static final int MOST_LAYERS = 1000;
  private static final long LARGEST_ARRAY = Integer.MAX_VALUE - 8;

  private LimitOptions() {}

  static Limits limits(Arguments arguments) {
    return new Limits(
        (int)
            arguments
                .value(MAX_DEPTH)
                .map(value -> ByteCount.parse(MAX_DEPTH, value, 1, MOST_LAYERS))
                .orElse((long) Limits.DEFAULT.maxDepth())
                .longValue(),
        arguments
            .value(MAX_DECOMPRESSED)
            .map(value -> ByteCount.parse(MAX_DECOMPRESSED, value, 0, LARGEST_ARRAY))
            .orElse(Limits.DEFAULT.maxDecompressed()));
  }
}
