package io.github.kexecsim.loader.image;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * What a header says of the image that it wraps, be it true or not: for people to read. What
 * decompressing goes by is the {@link Payload}.
 *
 * @param method the method's name as it is written, or what the payload begins like where the
 *     header names none
 * @param offset where the payload begins in the wrapping file
 * @param size the payload's bytes as the header counts them: that of a bzImage has the size word at
 *     its end in it, that of a zboot image has not
 * @param declaredSize how many bytes ought to come out; empty where the header does not tell
 */
public record Wrapping(String method, long offset, long size, OptionalLong declaredSize) {
  public Wrapping {
    Objects.requireNonNull(method);
    Objects.requireNonNull(declaredSize);
  }

  static Wrapping of(Payload payload) {
    return new Wrapping(
        payload.methodLabel(), payload.offset(), payload.size(), payload.declaredSize());
  }
}
