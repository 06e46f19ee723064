package io.github.kexecsim.bench;

import io.github.kexecsim.loader.codec.CompressionMethod;
import java.util.Objects;

/**
 * What came out for one payload.
 *
 * @param method how it is compressed
 * @param compressedSize its bytes, compressed; at least 1
 * @param size its bytes, decompressed; at least 1
 * @param timings how long decompressing took
 */
public record Measurement(
    CompressionMethod method, long compressedSize, long size, Timings timings) {
  public Measurement {
    Objects.requireNonNull(method);
    Objects.requireNonNull(timings);
    if (compressedSize < 1 || size < 1) {
      throw new IllegalArgumentException(compressedSize + " bytes for " + size);
    }
  }

  /** How many times smaller it is compressed. */
  public double ratio() {
    return (double) size / compressedSize;
  }

  /** Output in megabytes, of 10^6 bytes, a second, once warm. */
  public double megabytesPerSecond() {
    return 1e3 * size / timings.warmNanos();
  }

  /** How long the first call took. */
  public double firstCallMillis() {
    return timings.firstNanos() / 1e6;
  }

  /** How many bytes a kernel of {@code kernelSize} would take, compressed as well as this. */
  public long compressedSizeOf(long kernelSize) {
    return Math.round(kernelSize / ratio());
  }

  /** How long a kernel of {@code kernelSize} would take to decompress at this speed. */
  public double millisFor(long kernelSize) {
    return timings.warmNanos() / 1e6 * kernelSize / size;
  }
}
