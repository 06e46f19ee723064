package io.github.kexecsim.cli;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.image.Extent;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.ZbootImage;
import io.github.kexecsim.loader.machine.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * A layer as it is shown.
 *
 * @param number 1 for the file itself, 2 for what is inside it, and so on
 * @param layer the layer
 * @param wrapped what its header says of the image inside, where it wraps one
 */
record LayerView(int number, Layer layer, Optional<Wrapped> wrapped) {
  /**
   * A header's words on what it wraps, be they true or not.
   *
   * @param method the method's name as written, or what the payload looks like
   * @param offset where the payload begins in the layer
   * @param size the payload's bytes as the header counts them: that of a bzImage has the size word
   *     at its end in it, that of a zboot image has not
   * @param declaredSize how many bytes ought to come out
   */
  record Wrapped(String method, long offset, long size, OptionalLong declaredSize) {}

  /** How many letters tell the architectures' names apart: riscv-image is for riscv64. */
  private static final int SAME_ARCHITECTURE = 5;

  static List<LayerView> of(List<Layer> layers) {
    List<LayerView> views = new ArrayList<>();
    for (Layer layer : layers) {
      views.add(new LayerView(views.size() + 1, layer, wrapped(layer)));
    }
    return views;
  }

  /** All layers in a line, outermost first, each with its size. */
  static String line(List<Layer> layers) {
    return of(layers).stream()
        .map(view -> view.title() + ", " + ByteCount.human(view.layer().size()))
        .collect(Collectors.joining(" > "));
  }

  private static Optional<Wrapped> wrapped(Layer layer) {
    // Payload knows a method by today's name only, and nothing of one that it does not know.
    if (layer.image() instanceof ZbootImage zboot) {
      return Optional.of(
          new Wrapped(
              zboot.methodName(),
              zboot.payloadOffset(),
              zboot.payloadSize(),
              zboot.uncompressedSize()));
    }
    try {
      return layer
          .image()
          .payload(layer.bytes())
          .map(
              payload ->
                  new Wrapped(
                      payload.methodLabel(),
                      payload.offset(),
                      layer.image() instanceof BzImage bzImage
                          ? bzImage.payloadLength()
                          : payload.size(),
                      payload.declaredSize()));
    } catch (KexecException e) {
      // Whoever peels the layers meets and reports it.
      return Optional.empty();
    }
  }

  String format() {
    return layer.image().format();
  }

  Optional<String> architecture() {
    return layer.image().architecture().map(Architecture::label);
  }

  /** Format, architecture and how it is compressed, for instance {@code zboot arm64 (zstd)}. */
  String title() {
    StringBuilder title = new StringBuilder(format());
    // Most raw Images say it in their format's name.
    architecture()
        .filter(name -> !format().startsWith(name.substring(0, SAME_ARCHITECTURE)))
        .ifPresent(name -> title.append(' ').append(name));
    wrapped.ifPresent(
        inside -> title.append(" (").append(TextPage.printable(inside.method())).append(')'));
    return title.toString();
  }

  /** What is to be said of how far its bytes reach, after a comma; empty where nothing is known. */
  String extent() {
    return layer
        .extent()
        .map(
            extent ->
                switch (extent) {
                  case FILE -> ", BSS is not in it";
                  case MEMORY -> ", padded to image_size";
                  case BEYOND_MEMORY -> ", longer than image_size";
                })
        .orElse("");
  }

  /** Writes the members that every description of a layer has. */
  void writeTo(JsonText json) {
    json.number("layer", number).string("format", format());
    architecture().ifPresent(name -> json.string("arch", name));
    wrapped.ifPresent(inside -> json.string("method", inside.method()));
    json.hex("offset", layer.offset()).hex("size", layer.size());
    wrapped.ifPresent(
        inside -> {
          json.hex("payload_offset", inside.offset()).hex("payload_size", inside.size());
          inside.declaredSize().ifPresent(size -> json.hex("declared_size", size));
        });
    layer.image().imageSize().ifPresent(size -> json.hex("image_size", size));
    layer.extent().ifPresent(extent -> json.string("extent", label(extent)));
  }

  private static String label(Extent extent) {
    return switch (extent) {
      case FILE -> "file";
      case MEMORY -> "memory";
      case BEYOND_MEMORY -> "beyond-memory";
    };
  }
}
