package io.github.kexecsim.cli;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Extent;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Wrapping;
import io.github.kexecsim.loader.machine.Architecture;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A layer as it is shown.
 *
 * @param number 1 for the file itself, 2 for what is inside it, and so on
 * @param layer the layer
 * @param wrapping what its header says of the image inside, where it wraps one
 */
record LayerView(int number, Layer layer, Optional<Wrapping> wrapping) {
  /** How many letters tell the architectures' names apart: riscv-image is for riscv64. */
  private static final int SAME_ARCHITECTURE = 5;

  static List<LayerView> of(List<Layer> layers) {
    List<LayerView> views = new ArrayList<>();
    for (Layer layer : layers) {
      views.add(new LayerView(views.size() + 1, layer, wrapping(layer)));
    }
    return views;
  }

  /** All layers in a line, outermost first, each with its size. */
  static String line(List<Layer> layers) {
    return of(layers).stream()
        .map(view -> view.title() + ", " + ByteCount.human(view.layer().size()))
        .collect(Collectors.joining(" > "));
  }

  private static Optional<Wrapping> wrapping(Layer layer) {
    try {
      return layer.image().wrapping(layer.bytes());
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
    wrapping.ifPresent(
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
    wrapping.ifPresent(inside -> json.string("method", inside.method()));
    json.hex("offset", layer.offset()).hex("size", layer.size());
    wrapping.ifPresent(
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
