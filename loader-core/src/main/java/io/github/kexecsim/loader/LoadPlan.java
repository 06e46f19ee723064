package io.github.kexecsim.loader;

import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.kaslr.KaslrOutlook;
import io.github.kexecsim.loader.kaslr.NextKernel;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.loader.uki.Composition;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The answer: where everything goes, or why nothing does. Exactly one of {@code placed} and {@code
 * refusal} is there.
 *
 * @param request what was asked
 * @param layers the image's layers as far as they could be taken off, outermost first
 * @param placed the segments, when the load is accepted
 * @param refusal the reason, when it is not
 * @param warnings what a person should know though the load is accepted
 * @param composition of a UKI: what its kernel is started with, and why
 * @param strategy the course by which it is loaded
 */
public record LoadPlan(
    LoadRequest request,
    List<Layer> layers,
    Optional<PlacedLoad> placed,
    Optional<Refusal> refusal,
    List<String> warnings,
    Optional<Composition> composition,
    Strategy strategy) {
  /** What no plan models, as a running kernel decides it by what it has at hand. */
  public static final List<String> NOT_MODELLED =
      List.of(
          "placement in CMA or KHO scratch memory, which kernels since 6.16 try first where they are"
              + " configured",
          "which pages the buddy allocator hands out as source and control pages",
          "signature verification and lockdown");

  public LoadPlan {
    if (placed.isPresent() == refusal.isPresent()) {
      throw new IllegalArgumentException("a plan is either placed or refused");
    }
    layers = List.copyOf(layers);
    warnings = List.copyOf(warnings);
    Objects.requireNonNull(composition);
    Objects.requireNonNull(strategy);
  }

  /** The plan of kexec_file_load for an image that is no UKI. */
  public LoadPlan(
      LoadRequest request,
      List<Layer> layers,
      Optional<PlacedLoad> placed,
      Optional<Refusal> refusal,
      List<String> warnings) {
    this(request, layers, placed, refusal, warnings, Optional.empty(), Strategy.KERNEL);
  }

  /** The command line that was asked for: as it is given, or else as the UKI has it. */
  public String commandLine() {
    return composition.map(uki -> uki.commandLine().text()).orElseGet(request::givenCommandLine);
  }

  public boolean isLoadable() {
    return placed.isPresent();
  }

  /**
   * Where an accepted load's kernel may end up after its own randomisation, if it is of the running
   * kernel's version; made on every call. Empty where no rule is known, and for the strategy {@link
   * Strategy#EMULATED_EFI}, whose own plan tells.
   */
  public Optional<KaslrOutlook> kaslr() {
    return kaslr(request.machine().kernelVersion());
  }

  /** As {@link #kaslr()}, if the next kernel is of version {@code next}. */
  public Optional<KaslrOutlook> kaslr(KernelVersion next) {
    if (placed.isEmpty()) {
      return Optional.empty();
    }
    return switch (strategy) {
      case KERNEL, USER -> new NextKernel(placed.get(), request.machine(), next).outlook();
      case EMULATED_EFI -> Optional.empty();
      case FIRMWARE -> new FirmwareOutlook(request, placed.get(), next).of(layers);
    };
  }
}
