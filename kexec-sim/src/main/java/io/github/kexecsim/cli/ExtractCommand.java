package io.github.kexecsim.cli;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code extract}: writes the innermost kernel image, or one layer. */
final class ExtractCommand implements Command {
  private static final Option LAYER =
      Option.of(
          "N",
          "Write this layer, by the number that inspect shows: 1 is the file itself.",
          "--layer");
  private static final int MOST_LAYERS = 1000;

  @Override
  public Syntax syntax() {
    return new Syntax(
        "extract",
        "IMAGE",
        1,
        1,
        "Takes off every wrapping layer and writes the innermost kernel image.",
        List.of(
            OutputFile.OUTPUT,
            OutputFile.FORCE,
            LAYER,
            LimitOptions.MAX_DECOMPRESSED,
            LimitOptions.MAX_DEPTH,
            InputFiles.MAX_FILE));
  }

  @Override
  public ExitStatus run(Arguments arguments, Console console) {
    Optional<Integer> wanted =
        arguments.value(LAYER).map(n -> (int) ByteCount.parse(LAYER, n, 1, MOST_LAYERS));
    OutputFile output = OutputFile.of(arguments.required(OutputFile.OUTPUT), arguments, console);
    InputFile file = InputFiles.of(arguments, console).read(arguments.operands().get(0));
    LayerView view = layer(file, arguments, wanted);
    output.write(view.layer().bytes(), console);
    if (!output.isStandardOutput()) {
      String size = ByteCount.both(view.layer().size());
      String line = output.name() + ": layer " + view.number() + ", " + view.title() + ", " + size;
      console.out().println(TextPage.printable(line));
    }
    return ExitStatus.DONE;
  }

  /** A damaged layer does not matter where one around it is wanted. */
  private static LayerView layer(InputFile file, Arguments arguments, Optional<Integer> wanted) {
    List<Layer> layers = new ArrayList<>();
    try {
      Layers.walk(file.bytes(), LimitOptions.limits(arguments), layers::add);
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
