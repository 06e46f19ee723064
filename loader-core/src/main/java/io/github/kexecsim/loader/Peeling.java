package io.github.kexecsim.loader;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.UkiImage;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.PlacementRequest;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.uki.Composition;
import io.github.kexecsim.loader.uki.Given;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Gets from the file to what kexec places, by either of its system calls: takes off what the kernel
 * is wrapped in, and takes from a UKI what was not given. {@link FirmwareLoader} takes nothing off.
 */
final class Peeling {
  private final LoadRequest request;
  private final Progress progress;
  private final Placement placement;
  private final List<String> warnings;
  private final List<Layer> layers = new ArrayList<>();
  private Optional<Composition> composition = Optional.empty();

  /**
   * Nothing is peeled yet.
   *
   * @param warnings what a person should know of the image is added to them
   */
  Peeling(LoadRequest request, Progress progress, Placement placement, List<String> warnings) {
    this.request = request;
    this.progress = progress;
    this.placement = placement;
    this.warnings = warnings;
  }

  /** The layers as far as they came off, outermost first. */
  List<Layer> layers() {
    return layers;
  }

  /** What the kernel of a UKI is started with. */
  Optional<Composition> composition() {
    return composition;
  }

  /**
   * Goes down to the innermost image, or the one that the loader takes as it is.
   *
   * @param peeled the outermost layers where they are known, as {@link Layers#walk} hands them out
   */
  void peel(List<Layer> peeled) {
    if (peeled.isEmpty()) {
      Layers.walk(request.image(), request.limits(), progress, this::goesOn);
    } else if (peeled.stream().allMatch(this::goesOn)) {
      walkOn();
    }
    if (isAtUki()) {
      openUki();
      walkOn();
    } else if (composition.isEmpty() && request.uki().choosesSections()) {
      warnings.add("the image is no UKI: no profile is chosen, and addons are left out");
    }
  }

  private void walkOn() {
    Layers.walkOn(List.copyOf(layers), request.limits(), progress, this::goesOn);
  }

  /** Stops at a UKI, to choose its profile before its kernel is looked for. */
  private boolean goesOn(Layer layer) {
    layers.add(layer);
    if (isAtUki()) {
      return false;
    }
    layer.findings().forEach(finding -> warnings.add(finding.message()));
    if (layer.image() instanceof UkiImage) {
      warnings.add("a UKI inside another: nothing but the kernel is taken of the inner one");
    }
    return !placement.loads(layer.image());
  }

  private boolean isAtUki() {
    return composition.isEmpty() && last().image() instanceof UkiImage;
  }

  Layer last() {
    return layers.get(layers.size() - 1);
  }

  private void openUki() {
    LoadRequest.UkiOptions options = request.uki();
    Layer started = last().withProfile(options.profile());
    if (started.image() instanceof UkiImage uki) {
      layers.set(layers.size() - 1, started);
      started.findings().forEach(finding -> warnings.add(finding.message()));
      Given given = new Given(request.initrd(), request.commandLine(), options.deviceTreeGiven());
      composition =
          Optional.of(
              Composition.of(
                  started.bytes(),
                  uki.sections(),
                  options.addons(),
                  given,
                  request.machine().deviceTree(),
                  request.limits()));
      warnings.addAll(composition.get().notes());
    }
  }

  /** What is to be placed once {@code kernel} is what remains of the image. */
  PlacementRequest toPlace(ByteView kernel) {
    Optional<ByteView> initrd =
        composition.isPresent() ? composition.get().initrd() : request.initrd();
    String commandLine =
        composition.map(uki -> uki.commandLine().text()).orElseGet(request::givenCommandLine);
    return new PlacementRequest(
        machine(),
        FileContent.of(kernel),
        initrd.map(FileContent::of),
        commandLine,
        request.type(),
        request.seed());
  }

  /** The machine as if it had been started with the UKI's device tree. */
  private Machine machine() {
    Optional<ByteView> tree = composition.flatMap(uki -> uki.deviceTree().bytes());
    if (tree.isEmpty() || !placement.handsDeviceTree()) {
      return request.machine();
    }
    try {
      return request
          .machine()
          .withDeviceTree(FlattenedDeviceTree.parse(tree.get(), request.limits()));
    } catch (KexecException e) {
      String from = composition.get().deviceTree().from();
      throw new KexecException(
          e.reason(),
          e.errno(),
          "the UKI's device tree (" + from + "): " + e.getMessage(),
          e.hint(),
          e);
    }
  }

  /**
   * Says what became of the UKI's device tree.
   *
   * @param placed the load
   * @param handedBy what to say of a loader that hands it over
   */
  void explainDeviceTree(PlacedLoad placed, String handedBy) {
    Optional<ByteView> tree = composition.flatMap(uki -> uki.deviceTree().bytes());
    if (tree.isEmpty()) {
      return;
    }
    boolean handed =
        placed.segments().stream().anyMatch(segment -> segment.role() == SegmentRole.DTB);
    warnings.add(
        handed
            ? handedBy
            : "the UKI's device tree is left out: a load on "
                + request.machine().architecture()
                + " hands none over");
  }
}
