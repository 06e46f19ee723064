package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The compression methods of kernel payloads, by the names that zboot headers carry. The build's
 * make-target names ({@code xzkern}, {@code zstd22}) leaked into headers from 6.1 to about 6.12.
 */
public enum CompressionMethod {
  GZIP("1f8b", "gzip"),
  BZIP2("425a68", "bzip2"),
  LZMA("5d00", "lzma"),
  XZ("fd377a585a00", "xz", "xzkern"),
  LZO("894c5a4f000d0a1a0a", "lzo"),
  LZ4("02214c18", "lz4"),
  ZSTD("28b52ffd", "zstd", "zstd22");

  private final byte[] magic;
  private final List<String> names;

  CompressionMethod(String magic, String... names) {
    this.magic = HexFormat.of().parseHex(magic);
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

  /**
   * Guesses the method of a payload from its first bytes, as the kernel does for an initramfs
   * ({@code lib/decompress.c, compressed_formats} (v6.1)), but by the whole magic number where the
   * format has one. LZMA has none: its two bytes are the usual {@code lc}, {@code lp} and {@code
   * pb}, and the low byte of any dictionary size in use.
   *
   * @return the method, or empty where the bytes begin like none of them
   */
  public static Optional<CompressionMethod> detect(ByteView payload) {
    for (CompressionMethod method : values()) {
      if (payload.matches(0, method.magic)) {
        return Optional.of(method);
      }
    }
    return Optional.empty();
  }

  /**
   * Refuses a payload that does not begin with this method's magic number.
   *
   * @throws KexecException {@code CORRUPT_PAYLOAD} that names the method which the payload looks
   *     like, or {@code TRUNCATED} where it ends within the magic number
   */
  void requireMagic(ByteView payload) {
    if (payload.matches(0, magic)) {
      return;
    }
    for (int i = 0; i < Math.min(magic.length, payload.size()); i++) {
      if (payload.u8(i) != (magic[i] & 0xff)) {
        throw doesNotBegin(payload);
      }
    }
    throw CodecFault.truncated(this, payload.size(), "the magic number");
  }

  /** The refusal of a payload whose first bytes are not this method's. */
  KexecException doesNotBegin(ByteView payload) {
    int shown = Math.min(Math.max(magic.length, 4), payload.size());
    String found = HexFormat.of().formatHex(payload.slice(0, shown).toByteArray());
    return detect(payload)
        .map(other -> CodecFault.mistaken(this, other, found))
        .orElseGet(
            () ->
                CodecFault.corrupt(
                    this, 0, "it begins with the bytes " + found + ", which is none of ours"));
  }

  @Override
  public String toString() {
    return label();
  }
}
