package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where an image keeps another one.
 *
 * @param offset where the payload begins in the wrapping file
 * @param size how many bytes it takes there, a size word behind it left out
 * @param method how it is compressed; empty when it is stored as it is
 * @param declaredSize the uncompressed size that the wrapper declares, unsigned 32 bits; empty when
 *     it declares none. A claim until the payload was decompressed.
 */
public record Payload(
    long offset, long size, Optional<CompressionMethod> method, OptionalLong declaredSize) {
  public Payload {
    if (offset < 0 || size < 0 || size > Long.MAX_VALUE - offset) {
      throw new IllegalArgumentException("not a place in a file: " + size + " at " + offset);
    }
    Objects.requireNonNull(method);
    Objects.requireNonNull(declaredSize);
  }

  /** The payload's bytes in {@code file}, still compressed. */
  ByteView in(ByteView file) {
    return file.slice(offset, size);
  }

  /** The method's name, or {@code stored}. */
  public String methodLabel() {
    return method.map(CompressionMethod::label).orElse("stored");
  }
}
