package io.github.kexecsim.loader;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.image.UkiImage;
import io.github.kexecsim.loader.image.ZbootImage;
import io.github.kexecsim.loader.kaslr.KaslrOutlook;
import io.github.kexecsim.loader.kaslr.StubbedKernel;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.pe.FirmwareMemory;
import io.github.kexecsim.loader.pe.MappedPe;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.uki.Composition;
import io.github.kexecsim.loader.uki.Given;
import java.util.List;
import java.util.Optional;

/**
 * Where the kernel ends up in an image that firmware loaded. A UKI and a zboot image with a stub of
 * v6.1 have firmware load the image inside them, and it is that one's stub that finds the place.
 */
final class FirmwareOutlook {
  private final LoadRequest request;
  private PhysRangeSet free;
  private PhysRange mapped;
  private Machine machine;
  private String commandLine;
  private KernelVersion version;
  private Optional<Layer> last = Optional.empty();

  /**
   * Begins with the file as firmware mapped it.
   *
   * @param placed one segment, the image
   * @param likely the version that the kernel is taken to be of where its stub tells no other
   */
  FirmwareOutlook(LoadRequest request, PlacedLoad placed, KernelVersion likely) {
    this.request = request;
    this.version = likely;
    this.mapped = placed.segments().get(0).range();
    this.free = PhysRangeSet.of(request.machine().ranges()).subtract(PhysRangeSet.of(mapped));
    this.machine = request.machine();
    this.commandLine = placed.commandLine();
  }

  /**
   * The outlook; empty where no rule is known or an image inside cannot be loaded.
   *
   * @param layers the outermost, if it could be read
   */
  Optional<KaslrOutlook> of(List<Layer> layers) {
    if (layers.isEmpty()) {
      return Optional.empty();
    }
    try {
      Layer outermost = opened(layers.get(0));
      last = Optional.of(outermost);
      if (startsInner(outermost)) {
        Layers.walkOn(List.of(outermost), request.limits(), Progress.NONE, this::load);
      }
      Layer kernel = last.get();
      if (startsInner(kernel)) {
        return Optional.empty();
      }
      return new StubbedKernel(
              kernel,
              mapped,
              new FirmwareMemory(free.ranges()).free(),
              machine,
              version,
              commandLine,
              request.seed())
          .outlook();
    } catch (KexecException e) {
      return Optional.empty();
    }
  }

  /** A UKI with the profile that is chosen; its stub says what the kernel is started with. */
  private Layer opened(Layer outermost) {
    if (!(outermost.image() instanceof UkiImage uki)) {
      return outermost;
    }
    LoadRequest.UkiOptions options = request.uki();
    ByteView file = outermost.bytes();
    UkiImage chosen = options.profile().map(wanted -> uki.withProfile(wanted, file)).orElse(uki);
    Given given = new Given(request.initrd(), request.commandLine(), options.deviceTreeGiven());
    Composition composition =
        Composition.of(
            file,
            chosen.sections(),
            options.addons(),
            given,
            request.machine().deviceTree(),
            request.limits());
    commandLine = composition.commandLine().text();
    machine =
        composition
            .deviceTree()
            .bytes()
            .map(tree -> machine.withDeviceTree(FlattenedDeviceTree.parse(tree, request.limits())))
            .orElse(machine);
    return new Layer(chosen, file, outermost.stored());
  }

  private boolean startsInner(Layer layer) {
    if (layer.image() instanceof ZbootImage zboot) {
      StubGeneration generation = StubGeneration.of(zboot);
      version = generation.nearest(version);
      return generation == StubGeneration.LOAD_IMAGE;
    }
    return layer.image() instanceof UkiImage;
  }

  /** The image inside, mapped as the one around it was. */
  private boolean load(Layer inner) {
    Optional<PeHeader> header = PeHeader.find(inner.bytes());
    if (header.isEmpty()) {
      return false;
    }
    FirmwareMemory memory = new FirmwareMemory(free.ranges());
    long most = request.limits().of(Limit.DECOMPRESSED);
    mapped = MappedPe.of(header.get(), inner.bytes(), memory::baseFor, most).range();
    free = free.subtract(PhysRangeSet.of(FirmwareMemory.pages(mapped)));
    last = Optional.of(inner);
    return startsInner(inner);
  }
}
