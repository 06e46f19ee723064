package io.github.kexecsim.cli;

import io.github.kexecsim.loader.FirmwareLoad;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.kaslr.KaslrOutlook;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.loader.uki.Composition;
import io.github.kexecsim.model.strategy.StrategyComparison;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * All that is to be said of a load.
 *
 * @param image the image file
 * @param initrd the initrd file
 * @param commandLine the command line that was asked for: the one given, or that of a UKI
 * @param type for a reboot, or for a crash
 * @param machine the machine; empty where its description is what was refused
 * @param plan the plan; empty where there was no machine to plan for
 * @param refusal why the load is refused, if it is
 * @param strategy by which course
 * @param efi the emulated-EFI course, where that is it
 * @param firmware the image as firmware maps it, where firmware loads it
 * @param courses all courses side by side, where that was asked for
 * @param relocation how the load gets into place and what came of it, where that was asked for
 * @param comparison how the plan compares with a log, where one was given
 */
record PlanReport(
    InputFile image,
    Optional<InputFile> initrd,
    String commandLine,
    LoadType type,
    Optional<ChosenMachine> machine,
    Optional<LoadPlan> plan,
    Optional<Refusal> refusal,
    Strategy strategy,
    Optional<EfiCourse> efi,
    Optional<FirmwareCourse> firmware,
    Optional<StrategyComparison> courses,
    Optional<Relocation> relocation,
    Optional<LogComparison> comparison) {

  /** A load that is not planned, because what was given is refused beforehand. */
  static PlanReport refused(
      InputFile image,
      Optional<InputFile> initrd,
      String commandLine,
      LoadType type,
      Strategy strategy,
      KexecException e) {
    return new PlanReport(
        image,
        initrd,
        commandLine,
        type,
        Optional.empty(),
        Optional.empty(),
        Optional.of(new Refusal(e)),
        strategy,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  List<Layer> layers() {
    return plan.map(LoadPlan::layers).orElse(List.of());
  }

  /** What the kernel of a UKI is started with. */
  Optional<Composition> composition() {
    return plan.flatMap(LoadPlan::composition);
  }

  /** Where the next kernel may end up: by its stub, where that runs. */
  Optional<KaslrOutlook> kaslr() {
    return efi.isPresent() ? efi.get().plan().kaslr() : plan.flatMap(LoadPlan::kaslr);
  }

  /** Whether a refusal is not all that there is to be said. */
  boolean hasMoreThanRefusal() {
    return refusal.isEmpty() || !layers().isEmpty();
  }

  /** What no model has, of the plan and of the way to it. */
  List<String> notModelled() {
    if (firmware.isPresent()) {
      return FirmwareLoad.NOT_MODELLED;
    }
    List<String> all = new ArrayList<>(LoadPlan.NOT_MODELLED);
    composition().ifPresent(uki -> all.addAll(Composition.NOT_MODELLED));
    efi.ifPresent(course -> all.addAll(course.plan().notModelled()));
    relocation.ifPresent(way -> all.addAll(way.plan().notModelled()));
    return all;
  }

  /** What the machine's description rests on, as far as that matters to the strategy. */
  List<String> machineNotes() {
    return machine.map(chosen -> chosen.machine().notes()).orElse(List.of()).stream()
        .filter(note -> strategy != Strategy.FIRMWARE || !note.equals(ThisMachine.PURGATORY_NOTE))
        .toList();
  }

  String verdict() {
    return refusal.isPresent() ? "rejected" : "loadable";
  }
}
