package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadRequest.UkiOptions;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.uki.Composition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** {@code inspect}: every layer of a file, also those around a damaged one. */
final class InspectCommand implements Command {
  private static final String SCHEMA = "kexec-sim/inspect/1";

  static final Option JSON =
      Option.flag("Print JSON, and nothing else, on standard output.", "--json");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "inspect",
        "IMAGE",
        1,
        1,
        "Shows every layer of a file: format, architecture, method, sizes, header fields.",
        LimitOptions.behind(
            List.of(JSON, UkiArguments.PROFILE, UkiArguments.ADDON, InPlaceView.IN_PLACE),
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
      return addon.isPresent()
          ? run(addon.get(), arguments, console, digests)
          : run(file, options, arguments, console, digests);
    }
  }

  private static ExitStatus run(
      AddonView addon, Arguments arguments, Console console, Digests digests) {
    InputFile file = addon.file();
    if (arguments.has(JSON)) {
      String json =
          JsonText.of(
              out -> {
                writeFile(out, file, digests).objects("layers", List.<Layer>of(), layer -> {});
                out.object("addon", addon::writeTo);
              });
      console.out().print(json);
    } else {
      TextPage page = page(file, digests);
      addon.writeTo(page);
      console.out().print(page);
    }
    return ExitStatus.DONE;
  }

  private static ExitStatus run(
      InputFile file, UkiOptions options, Arguments arguments, Console console, Digests digests) {
    boolean asJson = arguments.has(JSON);
    // Only JSON has the digests of layers.
    InspectedFile inspected =
        new InspectedFile(
            options, LimitOptions.limits(arguments), asJson ? digests : Progress.NONE);
    Optional<Refusal> error = Optional.empty();
    digests.begin(file.bytes());
    try {
      inspected.read(file.bytes());
    } catch (KexecException e) {
      error = Optional.of(new Refusal(e));
    }
    Optional<Composition> uki = inspected.composition();
    List<LayerView> views = LayerView.of(inspected.layers());
    long limit = LimitOptions.limits(arguments).of(Limit.DECOMPRESSED);
    // What does not decompress has been met above.
    boolean inPlace = arguments.has(InPlaceView.IN_PLACE) && error.isEmpty();
    Function<Layer, Optional<InPlaceView>> margins =
        layer -> inPlace ? InPlaceView.of(layer, limit) : Optional.empty();
    if (asJson) {
      console.out().print(json(file, views, uki, error, margins, digests));
    } else if (!views.isEmpty()) {
      console.out().print(text(file, views, uki, margins, digests));
    }
    if (error.isPresent()) {
      throw Failure.refused(file.name(), error.get().cause());
    }
    return ExitStatus.DONE;
  }

  private static String json(
      InputFile file,
      List<LayerView> views,
      Optional<Composition> uki,
      Optional<Refusal> error,
      Function<Layer, Optional<InPlaceView>> margins,
      Digests digests) {
    return JsonText.of(
        json -> {
          writeFile(json, file, digests)
              .objects("layers", views, view -> writeLayer(json, views, view, margins, digests));
          uki.ifPresent(
              found -> json.object("composition", inner -> CompositionView.writeTo(inner, found)));
          error.ifPresent(refusal -> json.object("error", inner -> PlanJson.write(inner, refusal)));
        });
  }

  private static JsonText writeFile(JsonText json, InputFile file, Digests digests) {
    return json.string("schema", SCHEMA)
        .string("file", file.name())
        .hex("size", file.bytes().size())
        .string("sha256", digests.sha256(file.bytes()));
  }

  private static void writeLayer(
      JsonText json,
      List<LayerView> views,
      LayerView view,
      Function<Layer, Optional<InPlaceView>> margins,
      Digests digests) {
    view.writeTo(json);
    margins.apply(view.layer()).ifPresent(margin -> margin.writeTo(json));
    X86View x86 = X86View.of(views, view);
    x86.writeTo(json);
    json.string("sha256", digests.sha256(view.layer().bytes()));
    json.object("fields", inner -> fields(view.layer()).forEach(inner::string));
    List<Finding> findings = findings(view, x86);
    json.strings("warnings", findings.stream().map(Finding::message).toList());
    json.objects(
        "findings",
        findings,
        finding ->
            json.string("code", finding.flaw().code())
                .string("severity", finding.flaw().severity().label())
                .string("message", finding.message())
                .string("remedy", finding.remedy()));
  }

  /** The fields by name; a name that comes again (of a PE section, say) gets a number. */
  private static Map<String, String> fields(Layer layer) {
    Map<String, String> fields = new LinkedHashMap<>();
    Map<String, Integer> times = new HashMap<>();
    for (Field field : layer.fields()) {
      int time = times.merge(field.name(), 1, Integer::sum);
      fields.put(time == 1 ? field.name() : field.name() + " (" + time + ")", field.value());
    }
    return fields;
  }

  private static String text(
      InputFile file,
      List<LayerView> views,
      Optional<Composition> uki,
      Function<Layer, Optional<InPlaceView>> margins,
      Digests digests) {
    TextPage page = page(file, digests);
    for (LayerView view : views) {
      page.line("");
      page.line("layer " + view.number() + ": " + view.title());
      List<List<String>> rows = new ArrayList<>();
      int size = view.layer().size();
      rows.add(List.of("size", ByteCount.hex(size), ByteCount.human(size) + view.extent()));
      for (Field field : view.layer().fields()) {
        rows.add(List.of(field.name(), field.value(), field.meaning()));
      }
      page.table(2, rows);
      margins.apply(view.layer()).ifPresent(margin -> margin.writeTo(page));
      X86View x86 = X86View.of(views, view);
      x86.writeTo(page);
      for (Finding finding : findings(view, x86)) {
        page.labelled("  " + finding.flaw().severity().label(), told(finding));
      }
    }
    uki.ifPresent(
        found -> {
          page.line("").line("what the UKI's kernel is started with");
          CompositionView.writeTo(page, found);
          found.notes().forEach(note -> page.labelled("left out", note));
        });
    return page.toString();
  }

  private static List<Finding> findings(LayerView view, X86View x86) {
    List<Finding> findings = new ArrayList<>(view.layer().findings());
    findings.addAll(x86.findings());
    return findings;
  }

  private static TextPage page(InputFile file, Digests digests) {
    return new TextPage()
        .line(TextPage.printable(file.name()) + ": " + ByteCount.both(file.bytes().size()))
        .line("sha256 " + digests.sha256(file.bytes()));
  }

  private static String told(Finding finding) {
    String remedy = finding.remedy().isEmpty() ? "" : "; " + finding.remedy();
    return finding.message() + remedy;
  }
}
