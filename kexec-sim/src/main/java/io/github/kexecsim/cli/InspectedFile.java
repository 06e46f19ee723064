package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadRequest.UkiOptions;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.UkiImage;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.uki.Composition;
import io.github.kexecsim.loader.uki.Given;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A file that is looked into: its layers, and what a UKI among them is started with. */
final class InspectedFile {
  private final UkiOptions options;
  private final Limits limits;
  private final Progress progress;
  private final List<Layer> layers = new ArrayList<>();
  private Optional<Composition> composition = Optional.empty();

  InspectedFile(UkiOptions options, Limits limits, Progress progress) {
    this.options = options;
    this.limits = limits;
    this.progress = progress;
  }

  /** As far as they came off. */
  List<Layer> layers() {
    return layers;
  }

  /** That of the outermost UKI, where there is one. */
  Optional<Composition> composition() {
    return composition;
  }

  /**
   * Takes off every layer.
   *
   * @throws KexecException where one does not come off; those around it are there all the same
   * @throws Failure with {@link ExitStatus#USAGE} where a UKI's options go with no UKI
   */
  void read(ByteView file) {
    Optional<UkiImage> uki = readToUki(file);
    if (uki.isPresent()) {
      Layer layer = layers.get(layers.size() - 1);
      Layers.walkOn(List.copyOf(layers), limits, progress, layers::add);
      composition =
          Optional.of(
              Composition.of(
                  layer.bytes(),
                  uki.get().sections(),
                  options.addons(),
                  Given.NOTHING,
                  Optional.empty(),
                  limits));
    }
  }

  /**
   * The bytes of a section of the outermost UKI.
   *
   * @throws KexecException where there is none, or it leaves the file
   */
  ByteView section(ByteView file, String name) {
    return readToUki(file)
        .flatMap(uki -> uki.sections().named(name))
        .orElseThrow(
            () ->
                new KexecException(
                    Reason.BAD_HEADER,
                    "there is no section " + name,
                    "inspect shows the sections of a UKI"))
        .in(layers.get(layers.size() - 1).bytes());
  }

  private Optional<UkiImage> readToUki(ByteView file) {
    Layers.walk(
        file,
        limits,
        progress,
        layer -> {
          layers.add(layer);
          return !(layer.image() instanceof UkiImage);
        });
    Layer last = layers.get(layers.size() - 1);
    if (!(last.image() instanceof UkiImage uki)) {
      UkiArguments.checkNoneChosen(options);
      return Optional.empty();
    }
    UkiImage chosen =
        options.profile().map(wanted -> uki.withProfile(wanted, last.bytes())).orElse(uki);
    layers.set(layers.size() - 1, new Layer(chosen, last.bytes(), last.stored()));
    return Optional.of(chosen);
  }
}
