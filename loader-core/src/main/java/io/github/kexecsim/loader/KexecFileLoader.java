package io.github.kexecsim.loader;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.PlacementRequest;
import io.github.kexecsim.loader.place.SegmentRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Plans a load as kexec_file_load carries it out: takes off what the image is wrapped in, places
 * the kernel and all that goes with it, and checks the segments. Safe for use by many threads.
 */
public final class KexecFileLoader {
  private KexecFileLoader() {}

  /** Plans a load. A refusal is a plan too: see {@link LoadPlan#refusal()}. */
  public static LoadPlan load(LoadRequest request) {
    return load(request, Progress.NONE);
  }

  /**
   * Plans a load, and tells how far decompression has come: {@link
   * io.github.kexecsim.loader.digest.Digests} hashes behind it, and a progress that throws stops
   * it.
   */
  public static LoadPlan load(LoadRequest request, Progress progress) {
    Placement placement = Placement.of(request.machine().architecture());
    List<Layer> layers = new ArrayList<>();
    try {
      PlacedLoad placed =
          placement.place(request(request, kernel(request, placement, progress, layers)));
      SegmentRules.check(request.machine(), request.type(), placed.segments());
      return new LoadPlan(
          request, layers, Optional.of(placed), Optional.empty(), warnings(layers, placed));
    } catch (KexecException e) {
      return new LoadPlan(
          request, layers, Optional.empty(), Optional.of(Refusal.of(e)), warnings(layers));
    }
  }

  /** The image that the architecture's loader is given, with the layers above it in the list. */
  private static ByteView kernel(
      LoadRequest request, Placement placement, Progress progress, List<Layer> layers) {
    try {
      Layers.walk(
          request.image(),
          request.limits(),
          progress,
          layer -> {
            layers.add(layer);
            return !placement.loads(layer.image());
          });
      return layers.get(layers.size() - 1).bytes();
    } catch (KexecException e) {
      if (e.reason() != Reason.UNKNOWN_FORMAT || !layers.isEmpty()) {
        throw e;
      }
      return unknown(request, placement, e);
    }
  }

  /** A file of no known format, which a kernel's own probe may take all the same. */
  private static ByteView unknown(LoadRequest request, Placement placement, KexecException known) {
    try {
      placement.place(request(request, request.image()));
      return request.image();
    } catch (KexecException answer) {
      throw new KexecException(
          known.reason(), answer.errno(), known.getMessage(), known.hint(), answer);
    }
  }

  private static PlacementRequest request(LoadRequest request, ByteView kernel) {
    return new PlacementRequest(
        request.machine(),
        FileContent.of(kernel),
        request.initrd().map(FileContent::of),
        request.commandLine(),
        request.type(),
        request.seed());
  }

  private static List<String> warnings(List<Layer> layers, PlacedLoad placed) {
    List<String> warnings = warnings(layers);
    if (layers.size() > 1) {
      warnings.add(
          "kexec_file_load of a released kernel takes the innermost image only: decompress the file"
              + " first (\"extract\"), or run a kernel with the zboot series");
    }
    warnings.addAll(placed.warnings());
    return warnings;
  }

  private static List<String> warnings(List<Layer> layers) {
    List<String> warnings = new ArrayList<>();
    layers.forEach(layer -> warnings.addAll(layer.image().warnings()));
    return warnings;
  }
}
