package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadRequest.UkiOptions;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.report.Finding;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** {@code inspect}: every layer of a file, also those around a damaged one. */
final class InspectCommand implements Command {
  static final Option JSON =
      Option.flag("Print JSON, and nothing else, on standard output.", "--json");
  private static final Option LINT =
      Option.flag("Answer with status 1 when there is a defect.", "--lint");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "inspect",
        "IMAGE",
        1,
        1,
        "Shows every layer of a file: format, architecture, method, sizes, header fields, sections,"
            + " and what is wrong with them.",
        LimitOptions.behind(
            List.of(JSON, UkiArguments.PROFILE, UkiArguments.ADDON, InPlaceView.IN_PLACE, LINT),
            LimitOptions.IMAGE,
            LimitOptions.DEVICE_TREE));
  }

  @Override
  public ExitStatus run(Arguments arguments, Console console) {
    InputFiles files = InputFiles.of(arguments, console);
    InputFile file = files.read(arguments.operands().get(0));
    UkiOptions options = UkiArguments.read(arguments, files);
    try (Digests digests = new Digests()) {
      Optional<AddonView> addon = AddonView.of(file);
      if (addon.isPresent()) {
        UkiArguments.checkNoneChosen(options);
        return run(addon.get(), arguments, console, digests);
      }
      return run(file, options, arguments, console, digests);
    }
  }

  private static ExitStatus run(
      AddonView addon, Arguments arguments, Console console, Digests digests) {
    console
        .out()
        .print(
            arguments.has(JSON) ? InspectJson.of(addon, digests) : InspectText.of(addon, digests));
    return answer(addon.file(), addon.findings(), arguments);
  }

  private static ExitStatus run(
      InputFile file, UkiOptions options, Arguments arguments, Console console, Digests digests) {
    boolean asJson = arguments.has(JSON);
    Limits limits = LimitOptions.limits(arguments);
    // Only JSON has the digests of layers.
    InspectedFile inspected = new InspectedFile(options, limits, asJson ? digests : Progress.NONE);
    Optional<Refusal> error = Optional.empty();
    digests.begin(file.bytes());
    try {
      inspected.read(file.bytes());
    } catch (KexecException e) {
      error = Optional.of(new Refusal(e));
    }
    InspectReport report =
        new InspectReport(
            file,
            LayerView.of(inspected.layers()),
            inspected.composition(),
            error,
            arguments.has(InPlaceView.IN_PLACE)
                ? OptionalLong.of(limits.of(Limit.DECOMPRESSED))
                : OptionalLong.empty(),
            digests);
    List<InspectReport.Details> details = report.details();
    if (asJson) {
      console.out().print(InspectJson.of(report, details));
    } else if (!details.isEmpty()) {
      console.out().print(InspectText.of(report, details));
    }
    if (error.isPresent()) {
      throw Failure.refused(file.name(), error.get().cause());
    }
    return answer(
        file, details.stream().flatMap(layer -> layer.findings().stream()).toList(), arguments);
  }

  private static ExitStatus answer(InputFile file, List<Finding> findings, Arguments arguments) {
    List<Finding> defects = findings.stream().filter(Finding::isDefect).toList();
    if (arguments.has(LINT) && !defects.isEmpty()) {
      int others = defects.size() - 1;
      throw Failure.no(
          file.name()
              + ": "
              + defects.get(0).message()
              + (others > 0
                  ? ", and " + others + (others == 1 ? " defect" : " defects") + " more"
                  : ""));
    }
    return ExitStatus.DONE;
  }
}
