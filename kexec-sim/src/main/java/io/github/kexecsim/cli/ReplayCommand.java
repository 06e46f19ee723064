package io.github.kexecsim.cli;

import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.record.RecordedLoads;
import io.github.kexecsim.loader.record.Replay;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code replay}: plans what real kernels were recorded loading, and compares. */
final class ReplayCommand implements Command {
  @Override
  public Syntax syntax() {
    return new Syntax(
        "replay",
        "FILE...",
        1,
        Integer.MAX_VALUE,
        "Loads what a real kernel was recorded loading and compares every segment; a directory"
            + " stands for its *.json.",
        LimitOptions.behind(
            LimitOptions.of(Limit.FILE_SIZE, Limit.RANGES), LimitOptions.DEVICE_TREE));
  }

  @Override
  public ExitStatus run(Arguments arguments, Console console) {
    InputFiles files = InputFiles.of(arguments, console);
    Limits limits = LimitOptions.limits(arguments);
    int identical = 0;
    int different = 0;
    for (String name : files(arguments.operands(), console)) {
      InputFile file = files.read(name);
      for (Replay.Comparison comparison :
          Replay.of(file.parse(text -> RecordedLoads.parse(text, limits)))) {
        String title = comparison.recording() + " " + comparison.load();
        String answer =
            comparison.isIdentical()
                ? "identical"
                : "differs: " + String.join("; ", comparison.differences());
        console.out().println(TextPage.printable(title + ": " + answer));
        identical += comparison.isIdentical() ? 1 : 0;
        different += comparison.isIdentical() ? 0 : 1;
      }
    }
    console
        .out()
        .println(
            "replayed "
                + (identical + different)
                + " loads: "
                + identical
                + " identical, "
                + different
                + " differ");
    return different == 0 ? ExitStatus.DONE : ExitStatus.NO;
  }

  private static List<String> files(List<String> operands, Console console) {
    List<String> files = new ArrayList<>();
    for (String operand : operands) {
      if (Files.isDirectory(console.path(operand))) {
        files.addAll(recordings(operand, console));
      } else {
        files.add(operand);
      }
    }
    return files;
  }

  private static List<String> recordings(String directory, Console console) {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(console.path(directory), "*.json")) {
      entries.forEach(
          entry -> found.add(Path.of(directory).resolve(entry.getFileName()).toString()));
    } catch (DirectoryIteratorException e) {
      throw Failure.file("cannot read " + directory, e.getCause());
    } catch (IOException e) {
      throw Failure.file("cannot read " + directory, e);
    }
    if (found.isEmpty()) {
      throw Failure.file("cannot read " + directory + ": there is no *.json in it");
    }
    found.sort(null);
    return found;
  }
}
