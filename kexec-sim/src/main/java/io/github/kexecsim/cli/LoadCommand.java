package io.github.kexecsim.cli;

import io.github.kexecsim.loader.FirmwareLoad;
import io.github.kexecsim.loader.FirmwareLoader;
import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.UserLoader;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.UkiImage;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.Strategy;
import io.github.kexecsim.model.efi.EfiOptions;
import io.github.kexecsim.model.efi.EfiOutcome;
import io.github.kexecsim.model.efi.EfiPlan;
import io.github.kexecsim.model.efi.EfiSimulator;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.strategy.StrategyComparison;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code load}: plans a load and says where everything goes, or why nothing does. */
final class LoadCommand implements Command {
  private static final Option INITRD =
      Option.of("FILE", "Load this initial ramdisk.", "--initrd", "--ramdisk");
  private static final Option APPEND =
      Option.of("STRING", "The next kernel's command line.", "--append", "--command-line");
  private static final Option PANIC =
      Option.flag("Load for a crash, into the memory reserved for it.", "-p", "--load-panic");
  private static final Option STRATEGY =
      Option.of(
          "NAME",
          "How to load: kernel, as kexec_file_load does it and the default; user, as kexec-tools does"
              + " it with kexec_load; emulated-efi, running the image's own stub; firmware, not kexec"
              + " but as firmware's LoadImage maps it.",
          "--strategy");
  private static final Option STRATEGIES =
      Option.flag(
          "Also carry out every strategy of kexec, and show them side by side.", "--strategies");
  private static final Option SIMULATE =
      Option.flag(
          "Also carry the load out on modelled memory: the relocation, the purgatory, the hand-over.",
          "--simulate");
  private static final Option PAGE_SOURCE =
      Option.of(
          "ORDER",
          "With --simulate or --strategies: which free pages the kernel hands out; lowest, highest, trailing,"
              + " random:SEED or adversarial:SEED (always on someone's destination); lowest unless"
              + " told.",
          "--page-source");
  private static final Option SEED =
      Option.of(
          "N",
          "What kaslr-seed, rng-seed and EFI's random numbers are drawn from: the same seed, the same plan; 0 unless"
              + " told.",
          "--seed");
  private static final Option JSON =
      Option.flag("Print JSON, and nothing else, on standard output.", "--json");
  private static final Option OUTPUT =
      Option.of(
          "FILE", "Also write the plan as JSON to FILE; - is as good as --json.", "-o", "--output");

  @Override
  public Syntax syntax() {
    List<Option> options = new ArrayList<>(List.of(INITRD, APPEND, PANIC));
    options.addAll(UkiArguments.ALL);
    options.addAll(MachineOptions.ALL);
    options.addAll(
        List.of(
            STRATEGY,
            STRATEGIES,
            SIMULATE,
            PAGE_SOURCE,
            SEED,
            JSON,
            OUTPUT,
            OutputDirectory.EMIT,
            OutputFile.FORCE,
            LogComparison.COMPARE));
    options.addAll(LimitOptions.IMAGE);
    options.addAll(LimitOptions.of(Limit.RANGES));
    options.addAll(LimitOptions.DEVICE_TREE);
    options.addAll(LimitOptions.of(Limit.PAGES));
    return new Syntax(
        "load",
        "[IMAGE]",
        0,
        1,
        "Plans a load. Without IMAGE: the built-in sample image (arm64 or riscv64) on the built-in"
            + " sample machine.",
        options);
  }

  @Override
  public ExitStatus run(Arguments arguments, Console console) {
    Optional<OutputFile> output =
        arguments.value(OUTPUT).map(name -> OutputFile.of(name, arguments, console));
    try (Digests digests = new Digests()) {
      return run(arguments, console, output, digests);
    }
  }

  private static ExitStatus run(
      Arguments arguments, Console console, Optional<OutputFile> output, Digests digests) {
    boolean printsJson =
        arguments.has(JSON) || output.map(OutputFile::isStandardOutput).orElse(false);
    boolean needsJson = printsJson || output.isPresent() || arguments.has(OutputDirectory.EMIT);
    PlanReport report =
        plan(arguments, console, needsJson ? Optional.of(digests) : Optional.empty());
    String json = needsJson ? PlanJson.of(report, digests) : "";
    Optional<String> emitted = report.plan().flatMap(plan -> emit(plan, json, arguments, console));
    output
        .filter(file -> !file.isStandardOutput())
        .ifPresent(file -> file.write(ByteView.of(json.getBytes(StandardCharsets.UTF_8)), console));
    if (printsJson) {
      console.out().print(json);
    } else if (report.hasMoreThanRefusal()) {
      // Of a file that is no image there is nothing to report but that.
      console.out().print(PlanText.of(report) + emitted.orElse(""));
    }
    return answer(report);
  }

  private static Optional<String> emit(
      LoadPlan plan, String json, Arguments arguments, Console console) {
    return OutputDirectory.of(arguments, console)
        .filter(directory -> plan.isLoadable())
        .map(directory -> directory.describe(directory.write(plan, json)));
  }

  private static ExitStatus answer(PlanReport report) {
    if (report.refusal().isPresent()) {
      KexecException cause = report.refusal().get().cause();
      // Without a plan it was not the image that was refused.
      throw report.plan().isPresent()
          ? Failure.refused(report.image().name(), cause)
          : Failure.refused(cause);
    }
    report
        .relocation()
        .filter(way -> !way.outcome().isSuccess())
        .ifPresent(
            way -> {
              throw Failure.no("the simulation failed: " + way.outcome().summary());
            });
    report
        .efi()
        .flatMap(EfiCourse::outcome)
        .filter(stub -> !stub.isSuccess())
        .ifPresent(
            stub -> {
              throw Failure.no("the stub failed: " + stub.summary());
            });
    report
        .comparison()
        .filter(compared -> !compared.isIdentical())
        .ifPresent(
            compared -> {
              throw Failure.no(compared.log() + " tells of another load: " + compared.summary());
            });
    return ExitStatus.DONE;
  }

  /** Plans; what is to be in the JSON is hashed on the way. */
  private static PlanReport plan(Arguments arguments, Console console, Optional<Digests> digests) {
    Limits limits = LimitOptions.limits(arguments);
    InputFiles files = InputFiles.of(arguments, console);
    MachineOptions machines = new MachineOptions(arguments, files, console.host());
    long seed =
        arguments.value(SEED).map(n -> ByteCount.parse(SEED, n, 0, Long.MAX_VALUE)).orElse(0L);
    LoadType type = arguments.has(PANIC) ? LoadType.CRASH : LoadType.DEFAULT;
    Optional<String> given = arguments.value(APPEND);
    String commandLine = given.orElse("");
    // What Java makes of an argument that the locale has no characters for.
    if (commandLine.indexOf('\ufffd') >= 0) {
      throw Failure.usage(
          APPEND.name() + " has characters that this locale has not; run it with LC_ALL=C.UTF-8");
    }
    boolean builtIn = arguments.operands().isEmpty();
    InputFile image =
        builtIn ? Samples.image(machines.named()) : files.read(arguments.operands().get(0));
    digests.ifPresent(wanted -> wanted.begin(image.bytes()));
    Optional<InputFile> initrd = arguments.value(INITRD).map(files::read);
    digests.ifPresent(wanted -> initrd.ifPresent(file -> wanted.begin(file.bytes())));
    Progress progress = digests.<Progress>map(wanted -> wanted).orElse(Progress.NONE);
    Optional<InputFile> log = arguments.value(LogComparison.COMPARE).map(files::read);
    PageSource source = pageSource(arguments);
    Strategy strategy = strategy(arguments);
    checkGoesWith(strategy, arguments);
    try {
      List<Layer> layers = downToArchitecture(image.bytes(), limits, progress);
      ChosenMachine chosen = machines.choose(architecture(layers), builtIn);
      LoadRequest request =
          new LoadRequest(
              image.bytes(),
              chosen.machine(),
              initrd.map(InputFile::bytes),
              given,
              type,
              limits,
              seed,
              UkiArguments.read(arguments, files));
      Optional<EfiPlan> efi =
          strategy == Strategy.EMULATED_EFI
              ? Optional.of(EfiPlan.of(request, EfiOptions.DEFAULT.withRngSeed(seed)))
              : Optional.empty();
      Optional<FirmwareLoad> firmware =
          strategy == Strategy.FIRMWARE
              ? Optional.of(FirmwareLoader.load(request))
              : Optional.empty();
      LoadPlan plan =
          switch (strategy) {
            case KERNEL -> KexecFileLoader.load(request, layers, progress);
            case USER -> UserLoader.load(request);
            case EMULATED_EFI -> efi.orElseThrow().loadPlan();
            case FIRMWARE -> firmware.orElseThrow().plan();
          };
      if (plan.isLoadable()
          && plan.layers().stream().noneMatch(layer -> layer.image() instanceof UkiImage)) {
        UkiArguments.checkNoneChosen(request.uki());
      }
      Optional<Refusal> refusal = plan.refusal();
      Optional<Relocation> relocation = Optional.empty();
      try {
        if (arguments.has(SIMULATE) && plan.isLoadable()) {
          relocation = Optional.of(Relocation.of(plan, source));
        }
      } catch (KexecException e) {
        refusal = Optional.of(new Refusal(e));
      }
      Optional<EfiOutcome> stub =
          efi.isPresent()
              ? relocation.map(way -> EfiSimulator.execute(efi.get(), way.memory()))
              : Optional.empty();
      Optional<StrategyComparison> courses =
          arguments.has(STRATEGIES)
              ? Optional.of(
                  StrategyComparison.of(request, EfiOptions.DEFAULT.withRngSeed(seed), source))
              : Optional.empty();
      return new PlanReport(
          image,
          initrd,
          plan.commandLine(),
          type,
          Optional.of(chosen),
          Optional.of(plan),
          refusal,
          strategy,
          efi.map(course -> new EfiCourse(course, stub)),
          firmware.map(FirmwareCourse::new),
          courses,
          relocation,
          log.map(file -> LogComparison.of(file, plan)));
    } catch (KexecException e) {
      return PlanReport.refused(image, initrd, commandLine, type, strategy, e);
    }
  }

  private static void checkGoesWith(Strategy strategy, Arguments arguments) {
    if (strategy == Strategy.EMULATED_EFI && arguments.has(OutputDirectory.EMIT)) {
      throw Failure.usage(
          OutputDirectory.EMIT.name()
              + " goes with the strategies kernel and user: emulated EFI services are modelled, not"
              + " machine code that could be written");
    }
    for (Option option : List.of(SIMULATE, OutputDirectory.EMIT)) {
      if (strategy == Strategy.FIRMWARE && arguments.has(option)) {
        throw Failure.usage(
            option.name()
                + " goes with the strategies of kexec: what firmware loads is in place, and nothing"
                + " is relocated");
      }
    }
  }

  private static Strategy strategy(Arguments arguments) {
    String label = arguments.value(STRATEGY).orElse(Strategy.KERNEL.label());
    return Strategy.byLabel(label)
        .orElseThrow(
            () ->
                Failure.usage(
                    "unknown strategy "
                        + label
                        + "; known are kernel, user, emulated-efi and firmware"));
  }

  private static PageSource pageSource(Arguments arguments) {
    if (arguments.has(PAGE_SOURCE) && !arguments.has(SIMULATE) && !arguments.has(STRATEGIES)) {
      throw Failure.usage(
          PAGE_SOURCE.name() + " goes with " + SIMULATE.name() + " or " + STRATEGIES.name());
    }
    String label = arguments.value(PAGE_SOURCE).orElse(PageSource.LOWEST_FIRST.label());
    return PageSource.byLabel(label)
        .orElseThrow(
            () ->
                Failure.usage(
                    PAGE_SOURCE.name()
                        + " "
                        + label
                        + ": expected lowest, highest, trailing, random:SEED or adversarial:SEED"));
  }

  /** The layers down to one whose header names an architecture, or as far as they come off. */
  private static List<Layer> downToArchitecture(ByteView image, Limits limits, Progress progress) {
    List<Layer> layers = new ArrayList<>();
    try {
      Layers.walk(
          image,
          limits,
          progress,
          layer -> {
            layers.add(layer);
            return layer.image().architecture().isEmpty();
          });
    } catch (KexecException e) {
      // Planning meets the same fault and reports it.
      return layers;
    }
    return layers;
  }

  private static Optional<Architecture> architecture(List<Layer> layers) {
    return layers.stream().flatMap(layer -> layer.image().architecture().stream()).findFirst();
  }
}
