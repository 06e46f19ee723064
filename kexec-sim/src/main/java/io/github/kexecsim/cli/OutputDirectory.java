package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.model.emit.Emission;
import io.github.kexecsim.model.emit.PlanEmitter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A directory that a plan is written to as files.
 *
 * @param name as the user wrote it
 * @param path where it is
 * @param replace whether files that are already there may be lost
 */
record OutputDirectory(String name, Path path, boolean replace) {
  static final Option EMIT =
      Option.of(
          "DIR",
          "Also write every segment, the plan and a script that boots it in QEMU into DIR.",
          "--emit");

  /**
   * The directory that {@code --emit} names.
   *
   * @throws Failure with {@link ExitStatus#USAGE}
   */
  static Optional<OutputDirectory> of(Arguments arguments, Console console) {
    return arguments
        .value(EMIT)
        .map(
            name -> {
              if (name.isEmpty()) {
                throw Failure.usage("a directory's name is empty");
              }
              return new OutputDirectory(name, console.path(name), arguments.has(OutputFile.FORCE));
            });
  }

  /**
   * Writes a plan that is loadable.
   *
   * @throws Failure with {@link ExitStatus#FILE}
   */
  Emission write(LoadPlan plan, String json) {
    try {
      ByteView bytes = ByteView.of(json.getBytes(StandardCharsets.UTF_8));
      return PlanEmitter.emit(plan, bytes, path, replace);
    } catch (DirectoryNotEmptyException e) {
      throw Failure.file(
          "cannot write into "
              + name
              + ": it is not empty; "
              + OutputFile.FORCE.name()
              + " replaces the files in it");
    } catch (IOException e) {
      throw Failure.file("cannot write into " + name, e);
    }
  }

  /** What was written and how to boot it, for people. */
  String describe(Emission emission) {
    String script = TextPage.printable(Path.of(name).resolve(PlanEmitter.SCRIPT).toString());
    TextPage page = new TextPage();
    page.labelled("written", TextPage.printable(name) + ": " + String.join(", ", emission.files()));
    emission
        .notBootable()
        .ifPresentOrElse(
            no ->
                page.labelled("warning", script + " boots nothing: " + Failure.inWords(no.cause())),
            () -> page.labelled("boot it", script + ", which starts QEMU"));
    return page.toString();
  }
}
