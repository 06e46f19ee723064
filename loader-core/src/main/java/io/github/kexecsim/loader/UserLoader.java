package io.github.kexecsim.loader;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.SegmentRules;
import io.github.kexecsim.loader.place.UserPlacement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Plans a load as kexec-tools carries it out with kexec_load: unwraps the image itself, verifies no
 * signature, and hands the kernel finished segments. Safe for use by many threads.
 */
public final class UserLoader {
  private UserLoader() {}

  /** Plans a load. A refusal is a plan too: see {@link LoadPlan#refusal()}. */
  public static LoadPlan load(LoadRequest request) {
    List<Layer> layers = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    try {
      Placement placement = Placement.of(request.machine().architecture());
      Layers.walk(
          request.image(),
          request.limits(),
          layer -> {
            layers.add(layer);
            return !placement.loads(layer.image());
          });
      layers.forEach(layer -> layer.findings().forEach(finding -> warnings.add(finding.message())));
      PlacedLoad placed = UserPlacement.place(request.toPlace(last(layers).bytes()));
      SegmentRules.check(request.machine(), request.type(), placed.segments());
      warnings.addAll(placed.warnings());
      return new LoadPlan(request, layers, Optional.of(placed), Optional.empty(), warnings);
    } catch (KexecException e) {
      return new LoadPlan(request, layers, Optional.empty(), Optional.of(new Refusal(e)), warnings);
    }
  }

  private static Layer last(List<Layer> layers) {
    return layers.get(layers.size() - 1);
  }
}
