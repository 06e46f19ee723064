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
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.uki.Composition;
import io.github.kexecsim.loader.uki.Given;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

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
    Optional<UkiImage> uki = readToUki(file, layer -> true);
    if (uki.isPresent()) {
      Layer layer = last();
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
   * The bytes of a section of the outermost layer that has it; of a UKI's sections only those of
   * the profile count.
   *
   * @throws KexecException where there is none, or it leaves the file
   * @throws Failure with {@link ExitStatus#USAGE} where a UKI's options go with no UKI
   */
  ByteView section(ByteView file, String name) {
    Predicate<Layer> lacksIt = layer -> section(layer, name).isEmpty();
    if (readToUki(file, lacksIt).isPresent() && lacksIt.test(last())) {
      Layers.walkOn(
          List.copyOf(layers),
          limits,
          progress,
          layer -> {
            layers.add(layer);
            return lacksIt.test(layer);
          });
    }
    Section row = section(last(), name).orElseThrow(() -> noSection(name, this::hasSection));
    return row.in(last().bytes());
  }

  /**
   * The bytes of a section of an addon.
   *
   * @throws KexecException where there is none, or it leaves the file
   * @throws Failure with {@link ExitStatus#USAGE} where a UKI's options are given
   */
  ByteView section(AddonView addon, String name) {
    UkiArguments.checkNoneChosen(options);
    PeHeader header = addon.addon().pe();
    return section(header, name)
        .orElseThrow(() -> noSection(name, other -> section(header, other).isPresent()))
        .in(addon.file().bytes());
  }

  private boolean hasSection(String name) {
    return layers.stream().anyMatch(layer -> section(layer, name).isPresent());
  }

  private static Optional<Section> section(Layer layer, String name) {
    return layer.image() instanceof UkiImage uki
        ? uki.sections().named(name)
        : PeHeader.find(layer.bytes()).flatMap(header -> section(header, name));
  }

  private static Optional<Section> section(PeHeader header, String name) {
    return header.sections().stream().filter(row -> row.name().equals(name)).findFirst();
  }

  private static KexecException noSection(String name, Predicate<String> isThere) {
    return new KexecException(
        Reason.BAD_HEADER,
        "there is no section " + name,
        isThere.test("." + name)
            ? "did you mean ." + name + "?"
            : "inspect shows the sections of the layers that have some");
  }

  private Layer last() {
    return layers.get(layers.size() - 1);
  }

  /** Reads down to a UKI, or to a layer that nothing is wanted of inside. */
  private Optional<UkiImage> readToUki(ByteView file, Predicate<Layer> deeper) {
    Layers.walk(
        file,
        limits,
        progress,
        layer -> {
          layers.add(layer);
          return !(layer.image() instanceof UkiImage) && deeper.test(layer);
        });
    Layer chosen = last().withProfile(options.profile());
    if (!(chosen.image() instanceof UkiImage uki)) {
      UkiArguments.checkNoneChosen(options);
      return Optional.empty();
    }
    layers.set(layers.size() - 1, chosen);
    return Optional.of(uki);
  }
}
