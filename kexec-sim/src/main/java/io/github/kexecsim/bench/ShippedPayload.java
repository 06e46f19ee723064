package io.github.kexecsim.bench;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Payload;
import java.util.List;
import java.util.Optional;

/**
 * The innermost compressed payload of an image, as its builder made it.
 *
 * @param method how it is compressed
 * @param bytes the payload
 * @param content what comes out
 */
public record ShippedPayload(CompressionMethod method, ByteView bytes, ByteView content) {
  /** Finds it; empty where no layer is compressed. */
  public static Optional<ShippedPayload> in(List<Layer> layers) {
    for (int i = layers.size() - 1; i > 0; i--) {
      Payload payload = layers.get(i).stored().orElseThrow();
      if (payload.method().isPresent()) {
        ByteView bytes = layers.get(i - 1).bytes().slice(payload.offset(), payload.size());
        return Optional.of(
            new ShippedPayload(payload.method().get(), bytes, layers.get(i).bytes()));
      }
    }
    return Optional.empty();
  }
}
