package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadRequest.UkiOptions;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.limit.Limit;
import java.util.List;
import java.util.Optional;

/** {@code extract}: writes the innermost kernel image, or one layer. */
final class ExtractCommand implements Command {
  private static final Option LAYER =
      Option.of(
          "N",
          "Write this layer, by the number that inspect shows: 1 is the file itself.",
          "--layer");
  private static final Option SECTION =
      Option.of(
          "NAME",
          "Write this section's bytes, of the outermost layer that has one of that name: .initrd of a"
              + " UKI for instance.",
          "--section");

  @Override
  public Syntax syntax() {
    return new Syntax(
        "extract",
        "IMAGE",
        1,
        1,
        "Takes off every wrapping layer and writes the innermost kernel image.",
        LimitOptions.behind(
            List.of(OutputFile.OUTPUT, OutputFile.FORCE, LAYER, SECTION, UkiArguments.PROFILE),
            LimitOptions.IMAGE,
            LimitOptions.DEVICE_TREE));
  }

  @Override
  public ExitStatus run(Arguments arguments, Console console) {
    Optional<Integer> wanted =
        arguments.value(LAYER).map(n -> (int) ByteCount.parse(LAYER, n, 1, Limit.LAYERS.most()));
    OutputFile output = OutputFile.of(arguments.required(OutputFile.OUTPUT), arguments, console);
    if (arguments.has(LAYER) && arguments.has(SECTION)) {
      throw Failure.usage(LAYER.name() + " and " + SECTION.name() + " do not go together");
    }
    InputFile file = InputFiles.of(arguments, console).read(arguments.operands().get(0));
    if (arguments.has(SECTION)) {
      return writeSection(file, arguments, output, console);
    }
    LayerView view = layer(file, arguments, wanted);
    output.write(view.layer().bytes(), console);
    if (!output.isStandardOutput()) {
      String size = ByteCount.both(view.layer().size());
      String line = output.name() + ": layer " + view.number() + ", " + view.title() + ", " + size;
      console.out().println(TextPage.printable(line));
    }
    return ExitStatus.DONE;
  }

  private static InspectedFile inspected(Arguments arguments) {
    UkiOptions options = new UkiOptions(arguments.value(UkiArguments.PROFILE), List.of(), false);
    return new InspectedFile(options, LimitOptions.limits(arguments), Progress.NONE);
  }

  private static ExitStatus writeSection(
      InputFile file, Arguments arguments, OutputFile output, Console console) {
    String name = arguments.required(SECTION);
    ByteView bytes;
    try {
      Optional<AddonView> addon = AddonView.of(file);
      InspectedFile inspected = inspected(arguments);
      bytes =
          addon.isPresent()
              ? inspected.section(addon.get(), name)
              : inspected.section(file.bytes(), name);
    } catch (KexecException e) {
      throw Failure.refused(file.name(), e);
    }
    output.write(bytes, console);
    if (!output.isStandardOutput()) {
      String line = output.name() + ": section " + name + ", " + ByteCount.both(bytes.size());
      console.out().println(TextPage.printable(line));
    }
    return ExitStatus.DONE;
  }

  /** A damaged layer does not matter where one around it is wanted. */
  private static LayerView layer(InputFile file, Arguments arguments, Optional<Integer> wanted) {
    InspectedFile inspected = inspected(arguments);
    List<Layer> layers = inspected.layers();
    try {
      inspected.read(file.bytes());
    } catch (KexecException e) {
      if (wanted.isEmpty() || wanted.get() > layers.size()) {
        throw Failure.refused(file.name(), e);
      }
    }
    int number = wanted.orElse(layers.size());
    if (number > layers.size()) {
      throw Failure.no(file.name() + " has no layer " + number + ", only " + layers.size());
    }
    return LayerView.of(layers).get(number - 1);
  }
}
