package io.github.kexecsim.cli;

import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * What a command works with.
 *
 * @param out the answer goes there, and with {@code --json} nothing but JSON
 * @param err the line of an error goes there
 * @param directory what relative names are relative to
 * @param host the machine that this runs on
 */
record Console(PrintStream out, PrintStream err, Path directory, Host host) {
  /** The process's own directory and machine. */
  static Console of(PrintStream out, PrintStream err) {
    return new Console(out, err, Path.of(""), Host.here());
  }

  /** The file of a name as the user wrote it. */
  Path path(String name) {
    try {
      return directory.resolve(name);
    } catch (InvalidPathException e) {
      throw Failure.file(
          "\"" + name + "\" is not a file name in this locale; LC_ALL=C.UTF-8 may help");
    }
  }
}
