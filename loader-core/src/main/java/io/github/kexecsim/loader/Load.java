package io.github.kexecsim.loader;

import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.kaslr.NextKernel;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.CrashNotes;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** One load while it is planned: what was found of the image so far, and what to tell of it. */
final class Load {
  private final LoadRequest request;
  private final Progress progress;
  private final Placement placement;
  private final List<Layer> layers = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  Load(LoadRequest request, Progress progress) {
    this.request = request;
    this.progress = progress;
    this.placement = Placement.of(request.machine().architecture());
  }

  LoadPlan plan(List<Layer> peeled) {
    try {
      PlacedLoad placed = place(peeled);
      warnings.addAll(placed.warnings());
      NextKernel.of(placed, request.machine()).hazard().ifPresent(warnings::add);
      if (request.type() == LoadType.CRASH
          && request.machine().crashNotes().equals(CrashNotes.UNKNOWN)) {
        warnings.add(
            "elfcorehdr leads to no notes: where the CPUs' notes and vmcoreinfo lie is known to the"
                + " running kernel only, and 0 stands in for it");
      }
      return new LoadPlan(request, layers, Optional.of(placed), Optional.empty(), warnings);
    } catch (KexecException e) {
      return new LoadPlan(request, layers, Optional.empty(), Optional.of(new Refusal(e)), warnings);
    }
  }

  private PlacedLoad place(List<Layer> peeled) {
    try {
      peel(peeled);
    } catch (KexecException e) {
      if (!layers.isEmpty()) {
        throw e;
      }
      return placeUnparsed(e);
    }
    Layer kernel = layers.get(layers.size() - 1);
    if (layers.size() > 1) {
      warnings.add(
          "kexec_file_load of a released kernel takes the innermost image only, decompressed: the"
              + " plan is for that");
    }
    try {
      return placement.place(request.toPlace(kernel.bytes()));
    } catch (KexecException answer) {
      throw explained(answer, kernel.image());
    }
  }

  private void peel(List<Layer> peeled) {
    Predicate<Layer> deeper =
        layer -> {
          layers.add(layer);
          layer.findings().forEach(finding -> warnings.add(finding.message()));
          return !placement.loads(layer.image());
        };
    if (peeled.isEmpty()) {
      Layers.walk(request.image(), request.limits(), progress, deeper);
    } else if (peeled.stream().allMatch(deeper)) {
      Layers.walkOn(peeled, request.limits(), progress, deeper);
    }
  }

  /** A file that no parser takes, and a kernel's own laxer probe perhaps all the same. */
  private PlacedLoad placeUnparsed(KexecException parsing) {
    try {
      PlacedLoad placed = placement.place(request.toPlace(request.image()));
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
