package io.github.kexecsim.cli;

import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.ArrayList;
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
        List.of(
            JSON,
            InPlaceView.IN_PLACE,
            LimitOptions.MAX_DECOMPRESSED,
            LimitOptions.MAX_DEPTH,
            InputFiles.MAX_FILE));
  }

  @Override
  public ExitStatus run(Arguments arguments, Console console) {
    InputFile file = InputFiles.of(arguments, console).read(arguments.operands().get(0));
    try (Digests digests = new Digests()) {
      return run(file, arguments, console, digests);
    }
  }

  private static ExitStatus run(
      InputFile file, Arguments arguments, Console console, Digests digests) {
    boolean asJson = arguments.has(JSON);
    List<Layer> layers = new ArrayList<>();
    Optional<Refusal> error = Optional.empty();
    digests.begin(file.bytes());
    try {
      // Only JSON has the digests of layers.
      Layers.walk(
          file.bytes(),
          LimitOptions.limits(arguments),
          asJson ? digests : Progress.NONE,
          layers::add);
    } catch (KexecException e) {
      error = Optional.of(new Refusal(e));
    }
    List<LayerView> views = LayerView.of(layers);
    long limit = LimitOptions.limits(arguments).maxDecompressed();
    // What does not decompress has been met above.
    boolean inPlace = arguments.has(InPlaceView.IN_PLACE) && error.isEmpty();
    Function<Layer, Optional<InPlaceView>> margins =
        layer -> inPlace ? InPlaceView.of(layer, limit) : Optional.empty();
    if (asJson) {
      console.out().print(json(file, views, error, margins, digests));
    } else if (!views.isEmpty()) {
      console.out().print(text(file, views, margins, digests));
    }
    if (error.isPresent()) {
      throw Failure.refused(file.name(), error.get().cause());
    }
    return ExitStatus.DONE;
  }

  private static String json(
      InputFile file,
      List<LayerView> views,
      Optional<Refusal> error,
      Function<Layer, Optional<InPlaceView>> margins,
      Digests digests) {
    return JsonText.of(
        json -> {
          json.string("schema", SCHEMA)
              .string("file", file.name())
              .hex("size", file.bytes().size())
              .string("sha256", digests.sha256(file.bytes()))
              .objects("layers", views, view -> writeLayer(json, views, view, margins, digests));
          error.ifPresent(refusal -> json.object("error", inner -> PlanJson.write(inner, refusal)));
        });
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
    for (Field field : layer.fields()) {
      String name = field.name();
      for (int i = 2; fields.containsKey(name); i++) {
        name = field.name() + " (" + i + ")";
      }
      fields.put(name, field.value());
    }
    return fields;
  }

  private static String text(
      InputFile file,
      List<LayerView> views,
      Function<Layer, Optional<InPlaceView>> margins,
      Digests digests) {
    TextPage page = new TextPage();
    page.line(TextPage.printable(file.name()) + ": " + ByteCount.both(file.bytes().size()));
    page.line("sha256 " + digests.sha256(file.bytes()));
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
    return page.toString();
  }

  private static List<Finding> findings(LayerView view, X86View x86) {
    List<Finding> findings = new ArrayList<>(view.layer().findings());
    findings.addAll(x86.findings());
    return findings;
  }

  private static String told(Finding finding) {
    String remedy = finding.remedy().isEmpty() ? "" : "; " + finding.remedy();
    return finding.message() + remedy;
  }
}
