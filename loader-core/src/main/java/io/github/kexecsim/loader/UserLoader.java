package io.github.kexecsim.loader;

import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.kaslr.NextKernel;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.SegmentRules;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.loader.place.UserPlacement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Plans a load as kexec-tools carries it out with kexec_load: unwraps the image itself, verifies no
 * signature, and hands the kernel finished segments. Safe for use by many threads.
 */
public final class UserLoader {
  private static final String DEVICE_TREE =
      "the UKI's device tree is the base of the one handed over, as kexec-tools is given it with"
          + " --dtb";

  private UserLoader() {}

  /** Plans a load. A refusal is a plan too: see {@link LoadPlan#refusal()}. */
  public static LoadPlan load(LoadRequest request) {
    List<String> warnings = new ArrayList<>();
    Placement placement = Placement.of(request.machine().architecture());
    Peeling peeling = new Peeling(request, Progress.NONE, placement, warnings);
    PlacedLoad placed;
    try {
      peeling.peel(List.of());
      placed = UserPlacement.place(peeling.toPlace(peeling.last().bytes()));
      SegmentRules.check(request.machine(), request.type(), placed.segments());
    } catch (KexecException e) {
      return new LoadPlan(
          request,
          peeling.layers(),
          Optional.empty(),
          Optional.of(new Refusal(e)),
          warnings,
          peeling.composition(),
          Strategy.USER);
    }
    // What follows is about a load that was accepted, and must not refuse it.
    warnings.addAll(placed.warnings());
    peeling.explainDeviceTree(placed, DEVICE_TREE);
    NextKernel.of(placed, request.machine()).hazard().ifPresent(warnings::add);
    return new LoadPlan(
        request,
        peeling.layers(),
        Optional.of(placed),
        Optional.empty(),
        warnings,
        peeling.composition(),
        Strategy.USER);
  }
}
