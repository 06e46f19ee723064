package io.github.kexecsim.loader.codec;

import java.util.List;
import java.util.Optional;

/**
 * The compression methods of kernel payloads, by the names that zboot headers carry. The build's
 * make-target names ({@code xzkern}, {@code zstd22}) leaked into headers from 6.1 to about 6.12.
 */
public enum CompressionMethod {
  GZIP("gzip"),
  BZIP2("bzip2"),
  LZMA("lzma"),
  XZ("xz", "xzkern"),
  LZO("lzo"),
  LZ4("lz4"),
  ZSTD("zstd", "zstd22");

  private final List<String> names;

  CompressionMethod(String... names) {
    this.names = List.of(names);
  }

  /** The name that today's kernel build writes. */
  public String label() {
    return names.get(0);
  }

  /** Every name that a header may carry, {@link #label()} first. */
  public List<String> names() {
    return names;
  }

  /** Finds a method by the exact name in a header; empty for a name that no kernel build writes. */
  public static Optional<CompressionMethod> byName(String name) {
    for (CompressionMethod method : values()) {
      if (method.names.contains(name)) {
        return Optional.of(method);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return label();
  }
}
