package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressedPayload;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
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
    Layer outermost = new Layer(ImageProbe.parse(file, limits), file, Optional.empty());
    if (deeper.test(outermost)) {
      walkOn(List.of(outermost), limits, progress, deeper);
    }
  }

  /**
   * Goes on where {@link #walk} was stopped, with the same limits on all layers together.
   *
   * @param peeled the layers so far, outermost first; at least one
   * @param progress told how far decompression has come, of one payload after the other
   * @param deeper as of {@link #walk}, and given what is inside the last of {@code peeled} first
   * @throws KexecException what {@link #walk} throws
   */
  public static void walkOn(
      List<Layer> peeled, Limits limits, Progress progress, Predicate<? super Layer> deeper) {
    Layer layer = peeled.get(peeled.size() - 1);
    long budget = limits.of(Limit.DECOMPRESSED);
    for (Layer outer : peeled) {
      budget -= decompressed(outer);
    }
    int depth = peeled.size();
    do {
      Optional<Payload> payload = layer.image().payload(layer.bytes());
      if (payload.isEmpty()) {
        return;
      }
      limits.check(Limit.LAYERS, depth + 1L, "the depth of images nested in each other");
      ByteView inner = unwrap(layer, payload.get(), budget, progress);
      layer = new Layer(probe(inner, layer, payload.get(), limits), inner, payload);
      budget -= decompressed(layer);
      depth++;
    } while (deeper.test(layer));
  }

  /** What a layer takes of the budget: nothing where it is a part of the one around it. */
  private static int decompressed(Layer layer) {
    return layer.stored().flatMap(Payload::method).isPresent() ? layer.size() : 0;
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
      throw inside(outer, payload, e);
    }
  }

  private static KernelImage probe(ByteView inner, Layer outer, Payload payload, Limits limits) {
    try {
      return ImageProbe.parse(inner, limits);
    } catch (KexecException e) {
      throw inside(outer, payload, e);
    }
  }

  private static KexecException inside(Layer outer, Payload payload, KexecException e) {
    String place =
        String.format(
            "inside the %s image's %s payload at 0x%x: ",
            outer.image().format(), payload.methodLabel(), payload.offset());
    return new KexecException(e.reason(), e.errno(), place + e.getMessage(), e.hint(), e);
  }
}
