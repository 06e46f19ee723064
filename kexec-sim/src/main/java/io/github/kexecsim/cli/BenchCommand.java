package io.github.kexecsim.cli;

import io.github.kexecsim.bench.BenchResult;
import io.github.kexecsim.bench.CodecBench;
import io.github.kexecsim.bench.Sample;
import io.github.kexecsim.bench.ShippedPayload;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SyntheticKernel;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code bench}: every method on one kernel, here and now. */
final class BenchCommand implements Command {
  private static final Option SVG =
      Option.of(
          "FILE",
          "Also draw size against speed, as an SVG picture; - is standard output.",
          "--svg");
  private static final Option SAMPLE =
      Option.of(
          "SIZE",
          "Compress this much of the kernel, in pieces from all over it; 8M unless told, and all of"
              + " a kernel that is not larger.",
          "--sample");
  private static final Option TIME =
      Option.of("MS", "Decompress so long by each method; 1500 unless told.", "--time");

  private static final long DEFAULT_SAMPLE = 8 << 20;
  private static final long LARGEST_SAMPLE = 1 << 30;
  private static final long DEFAULT_TIME = 1500;
  private static final long LONGEST_TIME = 3_600_000;
  private static final int SYNTHETIC_SIZE = 16 << 20;

  @Override
  public Syntax syntax() {
    return new Syntax(
        "bench",
        "[IMAGE]",
        0,
        1,
        "Measures every compression method on a kernel: size, speed, first call. Without IMAGE: on a"
            + " synthetic one.",
        LimitOptions.behind(
            List.of(SVG, InspectCommand.JSON, OutputFile.FORCE, SAMPLE, TIME), LimitOptions.IMAGE));
  }

  @Override
  public ExitStatus run(Arguments arguments, Console console) {
    long sampleSize = number(arguments, SAMPLE, DEFAULT_SAMPLE, Sample.LEAST, LARGEST_SAMPLE);
    Duration time = Duration.ofMillis(number(arguments, TIME, DEFAULT_TIME, 1, LONGEST_TIME));
    boolean json = arguments.has(InspectCommand.JSON);
    Optional<OutputFile> svg =
        arguments.value(SVG).map(name -> OutputFile.of(name, arguments, console));
    boolean svgOnly = svg.map(OutputFile::isStandardOutput).orElse(false);
    if (json && svgOnly) {
      throw Failure.usage(
          "bench: standard output takes one of " + InspectCommand.JSON.name() + " and the picture");
    }
    BenchReport report;
    try {
      report = measure(arguments, console, sampleSize, time);
    } catch (InterruptedIOException e) {
      // Ctrl-C: whoever pressed it needs no message.
      return ExitStatus.NO;
    } catch (IOException e) {
      throw Failure.file("cannot measure in a Java process of its own", e);
    }
    svg.ifPresent(
        file ->
            file.write(ByteView.of(BenchSvg.of(report).getBytes(StandardCharsets.UTF_8)), console));
    if (json) {
      console.out().print(BenchJson.of(report));
    } else if (!svgOnly) {
      console.out().print(BenchText.of(report));
    }
    return ExitStatus.DONE;
  }

  private static long number(
      Arguments arguments, Option option, long unlessTold, long least, long most) {
    return arguments
        .value(option)
        .map(value -> ByteCount.parse(option, value, least, most))
        .orElse(unlessTold);
  }

  private static BenchReport measure(
      Arguments arguments, Console console, long sampleSize, Duration time) throws IOException {
    InputFile image = image(arguments, console);
    List<Layer> layers = layers(image, arguments);
    Sample sample = Sample.of(layers.get(layers.size() - 1).bytes(), sampleSize);
    try (ProgressBar bar = ProgressBar.on(console)) {
      CodecBench bench = new CodecBench(time, bar::show);
      BenchResult result = bench.run(sample, architecture(layers), ShippedPayload.in(layers));
      return new BenchReport(image, layers, result);
    }
  }

  private static InputFile image(Arguments arguments, Console console) {
    return arguments.operands().isEmpty()
        ? new InputFile(BenchReport.SYNTHETIC, ByteView.of(SyntheticKernel.image(SYNTHETIC_SIZE)))
        : InputFiles.of(arguments, console).read(arguments.operands().get(0));
  }

  private static List<Layer> layers(InputFile image, Arguments arguments) {
    try {
      return Layers.of(image.bytes(), LimitOptions.limits(arguments));
    } catch (KexecException e) {
      throw Failure.refused(image.name(), e);
    }
  }

  /** What the innermost layer that names one says. */
  private static Optional<Architecture> architecture(List<Layer> layers) {
    return layers.stream()
        .flatMap(layer -> layer.image().architecture().stream())
        .reduce((outer, inner) -> inner);
  }
}
