package io.github.kexecsim.loader;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.UkiImage;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.pe.FirmwareMemory;
import io.github.kexecsim.loader.pe.MappedPe;
import io.github.kexecsim.loader.pe.PeFindings;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.loader.report.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Plans what firmware does with an image that it is told to start (edk2 MdeModulePkg {@code
 * CoreLoadPeImage}): the file as it is, nothing taken off, is mapped as the EFI application that
 * its PE header describes. What the machine has of free memory for a load stands for what firmware
 * has. Safe for use by many threads.
 */
public final class FirmwareLoader {
  private FirmwareLoader() {}

  /** Plans a load. A refusal is a plan too: see {@link LoadPlan#refusal()}. */
  public static FirmwareLoad load(LoadRequest request) {
    List<Layer> layers = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    try {
      layers.addAll(outermost(request.image(), request.limits()));
      List<Finding> findings =
          layers.isEmpty() ? PeFindings.of(request.image()) : layers.get(0).findings();
      findings.forEach(finding -> warnings.add(finding.message()));
      MappedPe image = map(request);
      warnings.addAll(ukiWarnings(request, layers));
      warnings.addAll(warnings(request, image));
      LoadPlan plan =
          plan(request, layers, Optional.of(placed(request, image)), Optional.empty(), warnings);
      return new FirmwareLoad(plan, Optional.of(image));
    } catch (KexecException e) {
      LoadPlan plan =
          plan(request, layers, Optional.empty(), Optional.of(new Refusal(e)), warnings);
      return new FirmwareLoad(plan, Optional.empty());
    }
  }

  private static LoadPlan plan(
      LoadRequest request,
      List<Layer> layers,
      Optional<PlacedLoad> placed,
      Optional<Refusal> refusal,
      List<String> warnings) {
    return new LoadPlan(
        request, layers, placed, refusal, warnings, Optional.empty(), Strategy.FIRMWARE);
  }

  /** The file as a kernel image; firmware does not ask whether it is one. */
  private static List<Layer> outermost(ByteView file, Limits limits) {
    try {
      return List.of(new Layer(ImageProbe.parse(file, limits), file, Optional.empty()));
    } catch (KexecException e) {
      return List.of();
    }
  }

  private static MappedPe map(LoadRequest request) {
    if (request.type() == LoadType.CRASH) {
      throw new KexecException(
          Reason.UNSUPPORTED_STRATEGY,
          "firmware starts no crash kernel",
          "plan a default load, or take a strategy of kexec");
    }
    PeHeader header =
        PeHeader.find(request.image())
            .orElseThrow(
                () ->
                    new KexecException(
                        Reason.UNSUPPORTED_IMAGE,
                        "the file has no PE header: it is no EFI application",
                        "firmware starts kernels that are built with an EFI stub; kexec may load"
                            + " this one"));
    checkStarts(header, request.machine().architecture());
    FirmwareMemory memory = new FirmwareMemory(request.machine().ranges());
    return MappedPe.of(
            header, request.image(), memory::baseFor, request.limits().of(Limit.DECOMPRESSED))
        .withBaseInHeader();
  }

  private static void checkStarts(PeHeader header, Architecture machine) {
    if (!header.architecture().equals(Optional.of(machine))) {
      throw new KexecException(
          Reason.WRONG_ARCHITECTURE,
          "the image is for "
              + PeMachine.describe(header.machine())
              + ", and the machine is "
              + machine,
          "plan it for a machine that it is for");
    }
    if (!header.isEfi()) {
      throw new KexecException(
          Reason.UNSUPPORTED_IMAGE,
          "Subsystem " + header.subsystem() + " is not one of EFI's, 10 to 12",
          "an EFI application has Subsystem 10");
    }
  }

  private static PlacedLoad placed(LoadRequest request, MappedPe image) {
    PhysRange pages = FirmwareMemory.pages(image.range());
    KexecSegment kernel =
        new KexecSegment(
            SegmentRole.KERNEL, pages, image.content().size(), Optional.of(image.content()));
    return new PlacedLoad(
        List.of(kernel),
        image.entry(),
        image.entry(),
        request.commandLine().orElse(""),
        List.of(),
        List.of());
  }

  /** What is for a UKI's stub, which firmware knows nothing of. */
  private static List<String> ukiWarnings(LoadRequest request, List<Layer> layers) {
    LoadRequest.UkiOptions uki = request.uki();
    boolean isUki = layers.stream().anyMatch(layer -> layer.image() instanceof UkiImage);
    if (!isUki) {
      return uki.choosesSections()
          ? List.of("the image is no UKI: no profile is chosen, and addons are left out")
          : List.of();
    }
    List<String> warnings = new ArrayList<>();
    if (uki.profile().isPresent()) {
      warnings.add(
          "firmware chooses no profile: the UKI's stub does, as whoever starts the image names one"
              + " in LoadOptions");
    }
    if (!uki.addons().isEmpty()) {
      warnings.add(
          "firmware loads no addons: the UKI's stub does, from the partition that it is started"
              + " from");
    }
    return warnings;
  }

  /** Whether it is an image that was packed here, which nothing but kexec and the like can load. */
  private static boolean isPlaceholder(Architecture architecture, MappedPe image) {
    return image
        .content()
        .matches(image.entry() - image.base(), ZbootWriter.entryCode(architecture));
  }

  private static List<String> warnings(LoadRequest request, MappedPe image) {
    List<String> warnings = new ArrayList<>();
    if (request.initrd().isPresent()) {
      warnings.add(
          "firmware loads no initrd: the image's stub asks a boot loader's LoadFile2 for it, or reads"
              + " what initrd= names");
    }
    if (request.commandLine().isPresent()) {
      warnings.add(
          "firmware hands the command line on in LoadOptions, as whoever starts the image set them");
    }
    if (request.uki().deviceTreeGiven()) {
      warnings.add(
          "firmware hands over a device tree of its own: the one given stands for it, and describes"
              + " the machine");
    }
    if (isPlaceholder(request.machine().architecture(), image)) {
      warnings.add(
          "the image carries no EFI stub: its entry returns EFI_UNSUPPORTED to the firmware, and the"
              + " kernel is not started");
    }
    long zeros = image.zeros().stream().mapToLong(PhysRange::size).sum();
    if (zeros > 0) {
      warnings.add(
          String.format(
              "0x%x bytes, the first at 0x%x, must be made zero: a loader that copies the file and no"
                  + " more leaves there what memory held, which only a stub bears that clears its own"
                  + " BSS",
              zeros, image.zeros().get(0).start()));
    }
    return warnings;
  }
}
