package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressedPayload;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Peels a file down to the kernel in it: every wrapped image is decompressed and probed again. */
public final class Layers {
  private Layers() {}

  /**
   * All layers of {@code file}, outermost first; at least one.
   *
   * @throws KexecException what {@link #walk} throws
   */
  public static List<Layer> of(ByteView file, Limits limits) {
    List<Layer> layers = new ArrayList<>();
    walk(file, limits, layers::add);
    return List.copyOf(layers);
  }

  /**
   * Hands out the layers of {@code file} one by one, outermost first, each before what is inside it
   * is decompressed: so a caller can show the layers around a damaged one, or stop.
   *
   * @param deeper is given a layer and tells whether to go on to what is inside it
   * @throws KexecException what {@link ImageProbe#parse} and {@link KernelImage#payload} throw,
   *     {@link Reason#LIMIT_EXCEEDED} when the layers are too deep or too large, {@link
   *     Reason#SIZE_MISMATCH} when a declared size is not what comes out, {@link
   *     Reason#CORRUPT_PAYLOAD} or {@link Reason#TRUNCATED} when a payload does not decode
   */
  public static void walk(ByteView file, Limits limits, Predicate<? super Layer> deeper) {
    walk(file, limits, Progress.NONE, deeper);
  }

  /**
   * Hands out the layers as {@link #walk(ByteView, Limits, Predicate)} does.
   *
   * @param progress told how far decompression has come, of one payload after the other
   */
  public static void walk(
      ByteView file, Limits limits, Progress progress, Predicate<? super Layer> deeper) {
    Layer layer = new Layer(ImageProbe.parse(file), file, Optional.empty());
    long budget = limits.maxDecompressed();
    for (int depth = 1; deeper.test(layer); depth++) {
      Optional<Payload> payload = layer.image().payload(layer.bytes());
      if (payload.isEmpty()) {
        return;
      }
      if (depth == limits.maxDepth()) {
        throw new KexecException(
            Reason.LIMIT_EXCEEDED,
            "more than " + depth + " images are nested in each other",
            "raise the limit on depth if this is meant");
      }
      ByteView inner = unwrap(layer, payload.get(), budget, progress);
      budget -= payload.get().method().isPresent() ? inner.size() : 0;
      layer = new Layer(probe(inner, layer, payload.get()), inner, payload);
    }
  }

  private static ByteView unwrap(Layer outer, Payload payload, long budget, Progress progress) {
    ByteView stored = payload.in(outer.bytes());
    if (payload.method().isEmpty()) {
      return stored;
    }
    CompressedPayload compressed =
        new CompressedPayload(payload.method().get(), stored, payload.declaredSize());
    try {
      return ByteView.of(compressed.decompress(budget, progress));
    } catch (KexecException e) {
      throw explained(e, outer, payload, stored);
    }
  }

  /** Tells apart a damaged payload and one that the header calls by another method's name. */
  private static KexecException explained(
      KexecException e, Layer outer, Payload payload, ByteView stored) {
    Optional<CompressionMethod> detected = CompressionMethod.detect(stored);
    boolean mislabelled = detected.isPresent() && !detected.equals(payload.method());
    return inside(
        outer,
        payload,
        e,
        mislabelled
            ? "the header says "
                + payload.methodLabel()
                + ", but the payload begins like "
                + detected.get()
            : e.hint());
  }

  private static KernelImage probe(ByteView inner, Layer outer, Payload payload) {
    try {
      return ImageProbe.parse(inner);
    } catch (KexecException e) {
      throw inside(outer, payload, e, e.hint());
    }
  }

  private static KexecException inside(
      Layer outer, Payload payload, KexecException e, String hint) {
    String place =
        String.format(
            "inside the %s image's %s payload at 0x%x: ",
            outer.image().format(), payload.methodLabel(), payload.offset());
    return new KexecException(e.reason(), e.errno(), place + e.getMessage(), hint, e);
  }
}
