package io.github.kexecsim.cli;

import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.LoadType;
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
      Option.of("NAME", "How to load; kernel, as kexec_file_load does it.", "--strategy");
  private static final Option SEED =
      Option.of(
          "N",
          "What kaslr-seed and rng-seed are drawn from: the same seed, the same plan; 0 unless"
              + " told.",
          "--seed");
  private static final Option JSON =
      Option.flag("Print JSON, and nothing else, on standard output.", "--json");
  private static final Option OUTPUT =
      Option.of(
          "FILE", "Also write the plan as JSON to FILE; - is as good as --json.", "-o", "--output");

  private static final String KERNEL_STRATEGY = "kernel";

  @Override
  public Syntax syntax() {
    List<Option> options = new ArrayList<>(List.of(INITRD, APPEND, PANIC));
    options.addAll(MachineOptions.ALL);
    options.addAll(
        List.of(
            STRATEGY,
            SEED,
            JSON,
            OUTPUT,
            OutputFile.FORCE,
            LimitOptions.MAX_DECOMPRESSED,
            LimitOptions.MAX_DEPTH,
            InputFiles.MAX_FILE));
    return new Syntax(
        "load",
        "[IMAGE]",
        0,
        1,
        "Plans a load. Without IMAGE: the built-in sample image on the built-in sample machine.",
        options);
  }

  @Override
  public ExitStatus run(Arguments arguments, Console console) {
    String strategy = arguments.value(STRATEGY).orElse(KERNEL_STRATEGY);
    if (!strategy.equals(KERNEL_STRATEGY)) {
      throw Failure.usage("unknown strategy " + strategy + "; known is " + KERNEL_STRATEGY);
    }
    Optional<OutputFile> output =
        arguments.value(OUTPUT).map(name -> OutputFile.of(name, arguments, console));
    try (Digests digests = new Digests()) {
      return run(arguments, console, strategy, output, digests);
    }
  }

  private static ExitStatus run(
      Arguments arguments,
      Console console,
      String strategy,
      Optional<OutputFile> output,
      Digests digests) {
    boolean toStandardOutput = output.map(OutputFile::isStandardOutput).orElse(false);
    boolean jsonOnly = arguments.has(JSON) || toStandardOutput;
    boolean withJson = jsonOnly || output.isPresent();
    PlanReport report =
        plan(arguments, console, withJson ? Optional.of(digests) : Optional.empty());
    if (withJson) {
      String json = PlanJson.of(report, strategy, digests);
      if (jsonOnly) {
        console.out().print(json);
      }
      output
          .filter(file -> !file.isStandardOutput())
          .ifPresent(
              file -> file.write(ByteView.of(json.getBytes(StandardCharsets.UTF_8)), console));
    }
    // Of a file that is no image there is nothing to report but that.
    if (!jsonOnly && report.hasMoreThanRefusal()) {
      console.out().print(PlanText.of(report));
    }
    if (report.refusal().isPresent()) {
      // Without a plan it was not the image that was refused.
      throw report.plan().isPresent()
          ? Failure.refused(report.image().name(), report.refusal().get())
          : Failure.refused(report.refusal().get());
    }
    return ExitStatus.DONE;
  }

  /** Plans; what is to be in the JSON is hashed on the way. */
  private static PlanReport plan(Arguments arguments, Console console, Optional<Digests> digests) {
    InputFiles files = InputFiles.of(arguments, console);
    MachineOptions machines = new MachineOptions(arguments, files, console.host());
    Limits limits = LimitOptions.limits(arguments);
    long seed =
        arguments.value(SEED).map(n -> ByteCount.parse(SEED, n, 0, Long.MAX_VALUE)).orElse(0L);
    LoadType type = arguments.has(PANIC) ? LoadType.CRASH : LoadType.DEFAULT;
    String commandLine = arguments.value(APPEND).orElse("");
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
    try {
      initrd.ifPresent(LoadCommand::requireContent);
      ChosenMachine chosen = machines.choose(architecture(image.bytes(), limits), builtIn);
      LoadRequest request =
          new LoadRequest(
              image.bytes(),
              chosen.machine(),
              initrd.map(InputFile::bytes),
              commandLine,
              type,
              limits,
              seed);
      LoadPlan plan =
          KexecFileLoader.load(request, digests.<Progress>map(d -> d).orElse(Progress.NONE));
      return new PlanReport(
          image, initrd, commandLine, type, Optional.of(chosen), Optional.of(plan), plan.refusal());
    } catch (KexecException e) {
      return PlanReport.refused(image, initrd, commandLine, type, e);
    }
  }

  /** The kernel reads no empty file ({@code fs/kernel_read_file.c}, v6.1). */
  private static void requireContent(InputFile initrd) {
    if (initrd.bytes().size() == 0) {
      throw new KexecException(
          Reason.TRUNCATED,
          "the initrd " + initrd.name() + " is empty",
          "leave " + INITRD.name() + " out to load none");
    }
  }

  /** What the outermost header says, and only where it does not tell, what is inside. */
  private static Optional<Architecture> architecture(ByteView image, Limits limits) {
    try {
      Optional<Architecture> outermost = ImageProbe.parse(image).architecture();
      if (outermost.isPresent()) {
        return outermost;
      }
      List<Layer> layers = Layers.of(image, limits);
      return layers.get(layers.size() - 1).image().architecture();
    } catch (KexecException e) {
      // Planning meets the same fault and reports it.
      return Optional.empty();
    }
  }
}
