package io.github.kexecsim.cli;

import java.util.List;
import java.util.Optional;

/** One of the words that may follow {@code kexec-sim}. */
interface Command {
  Syntax syntax();

  /**
   * Does it.
   *
   * @throws Failure when it cannot be done
   * @throws io.github.kexecsim.loader.error.KexecException when the answer is no
   */
  ExitStatus run(Arguments arguments, Console console);

  /** Finds a command without loading the classes of the others. */
  static Optional<Command> byName(String name) {
    return Optional.ofNullable(
        switch (name) {
          case "load" -> new LoadCommand();
          case "inspect" -> new InspectCommand();
          case "extract" -> new ExtractCommand();
          case "pack" -> new PackCommand();
          case "replay" -> new ReplayCommand();
          case "bench" -> new BenchCommand();
          default -> null;
        });
  }

  /** All commands, in the order of the help. */
  static List<Command> all() {
    return List.of(
        new LoadCommand(),
        new InspectCommand(),
        new ExtractCommand(),
        new PackCommand(),
        new ReplayCommand(),
        new BenchCommand());
  }
}
