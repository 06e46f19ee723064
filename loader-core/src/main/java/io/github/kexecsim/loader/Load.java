package io.github.kexecsim.loader;

import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.X86Image;
import io.github.kexecsim.loader.kaslr.NextKernel;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.CrashNotes;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One load while it is planned: what was found of the image so far, and what to tell of it. */
final class Load {
  private static final String DEVICE_TREE =
      "kexec_file_load takes no device tree: the plan is for a machine that was started with the"
          + " UKI's";

  private final LoadRequest request;
  private final Placement placement;
  private final Peeling peeling;
  private final List<String> warnings = new ArrayList<>();

  Load(LoadRequest request, Progress progress) {
    this.request = request;
    this.placement = Placement.of(request.machine().architecture());
    this.peeling = new Peeling(request, progress, placement, warnings);
  }

  LoadPlan plan(List<Layer> peeled) {
    PlacedLoad placed;
    try {
      placed = place(peeled);
    } catch (KexecException e) {
      return plan(Optional.empty(), Optional.of(new Refusal(e)));
    }
    // What follows is about a load that was accepted, and must not refuse it.
    warnings.addAll(placed.warnings());
    NextKernel.of(placed, request.machine()).hazard().ifPresent(warnings::add);
    if (request.type() == LoadType.CRASH
        && request.machine().crashNotes().equals(CrashNotes.UNKNOWN)) {
      warnings.add(
          "elfcorehdr leads to no notes: where the CPUs' notes and vmcoreinfo lie is known to the"
              + " running kernel only, and 0 stands in for it");
    }
    return plan(Optional.of(placed), Optional.empty());
  }

  private LoadPlan plan(Optional<PlacedLoad> placed, Optional<Refusal> refusal) {
    return new LoadPlan(
        request,
        peeling.layers(),
        placed,
        refusal,
        warnings,
        peeling.composition(),
        Strategy.KERNEL);
  }

  private PlacedLoad place(List<Layer> peeled) {
    try {
      peeling.peel(peeled);
    } catch (KexecException e) {
      if (!peeling.layers().isEmpty()) {
        throw e;
      }
      return placeUnparsed(e);
    }
    Layer kernel = peeling.last();
    // An image by the RFC warns of itself.
    if (peeling.layers().size() > 1 && !(kernel.image() instanceof X86Image)) {
      warnings.add(
          "kexec_file_load of a released kernel takes the innermost image only, decompressed: the"
              + " plan is for that");
    }
    try {
      PlacedLoad placed = placement.place(peeling.toPlace(kernel.bytes()));
      peeling.explainDeviceTree(placed, DEVICE_TREE);
      return placed;
    } catch (KexecException answer) {
      throw explained(answer, kernel.image());
    }
  }

  /** A file that no parser takes, and a kernel's own laxer probe perhaps all the same. */
  private PlacedLoad placeUnparsed(KexecException parsing) {
    try {
      PlacedLoad placed = placement.place(peeling.toPlace(request.image()));
      warnings.add("the kernel accepts this file, though " + parsing.getMessage());
      return placed;
    } catch (KexecException answer) {
      if (answer.reason() != Reason.UNKNOWN_FORMAT) {
        throw answer;
      }
      throw new KexecException(
          parsing.reason(), answer.errno(), parsing.getMessage(), parsing.hint(), answer);
    }
  }

  /** The kernel's refusal, by the reason that stands behind it where the image tells one. */
  private KexecException explained(KexecException answer, KernelImage image) {
    if (image.unsupported().isPresent()) {
      return new KexecException(
          Reason.UNSUPPORTED_IMAGE,
          answer.errno(),
          image.unsupported().get(),
          "load it with a bootloader that knows the format",
          answer);
    }
    Architecture machine = request.machine().architecture();
    Optional<Architecture> built = image.architecture();
    if (built.isPresent() && built.get() != machine) {
      return new KexecException(
          Reason.WRONG_ARCHITECTURE,
          answer.errno(),
          "the image is for " + built.get() + ", and the machine is " + machine,
          "plan it for a machine of " + built.get(),
          answer);
    }
    return answer;
  }
}
