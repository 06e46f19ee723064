package io.github.kexecsim.loader;

import io.github.kexecsim.loader.pe.MappedPe;
import io.github.kexecsim.loader.pe.WriteXorExecute;
import io.github.kexecsim.loader.report.Finding;
import java.util.List;
import java.util.Optional;

/**
 * An image loaded by firmware, as {@link FirmwareLoader} plans it.
 *
 * @param plan one segment, the image as it is mapped; or why firmware refuses it
 * @param mapped the image in memory, where it is loaded
 */
public record FirmwareLoad(LoadPlan plan, Optional<MappedPe> mapped) {
  /** What no such plan models. */
  public static final List<String> NOT_MODELLED =
      List.of(
          "what firmware itself, its drivers and the boot loader have taken of memory, and the bins"
              + " that edk2 keeps for each memory type: real addresses are lower",
          "Secure Boot: signatures, SBAT and shim's own loader, which leaves out discardable sections",
          "what the image's EFI stub does once it is started, but for the place that it gives the"
              + " kernel; on x86_64 its decompressor gives it that before Linux 6.6");

  public FirmwareLoad {
    if (plan.isLoadable() != mapped.isPresent()) {
      throw new IllegalArgumentException("an image is mapped if and only if its plan is loadable");
    }
  }

  /** Why it does not start where firmware enforces W^X; empty if it does, or is not loaded. */
  public List<Finding> objections() {
    return mapped.map(image -> WriteXorExecute.objections(image.header())).orElse(List.of());
  }
}
