package io.github.kexecsim.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * What a command works with.
 *
 * @param out the answer goes there, and with {@code --json} nothing but JSON
 * @param err the line of an error goes there
 * @param directory what relative names are relative to
 * @param host the machine that this runs on
 * @param terminal whether {@code err} is a terminal, which may be shown how far something is
 */
record Console(PrintStream out, PrintStream err, Path directory, Host host, boolean terminal) {
  /** Without a terminal. */
  Console(PrintStream out, PrintStream err, Path directory, Host host) {
    this(out, err, directory, host, false);
  }

  /** The process's own directory and machine. */
  static Console of(PrintStream out, PrintStream err) {
    return new Console(out, err, Path.of(""), Host.here());
  }

  /** The process's own console, whose {@code err} is its standard error. */
  static Console ofProcess(PrintStream out, PrintStream err) {
    return new Console(out, err, Path.of(""), Host.here(), isTerminal("/proc/self/fd/2"));
  }

  /** Java itself does not tell of standard error; where there is no such link, there is no bar. */
  private static boolean isTerminal(String descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of(descriptor)).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
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
