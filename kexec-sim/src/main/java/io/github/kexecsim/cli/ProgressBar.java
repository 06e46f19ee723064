package io.github.kexecsim.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** A line on a terminal that tells how far something is, and goes away in the end. */
final class ProgressBar implements AutoCloseable {
  private static final int WIDTH = 30;
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final PrintStream terminal;
  private final Thread atExit = new Thread(this::clear);

  private ProgressBar(PrintStream terminal) {
    this.terminal = terminal;
  }

  /** A bar on standard error where that is a terminal, else none. */
  static ProgressBar on(Console console) {
    ProgressBar bar =
        new ProgressBar(
            console.terminal()
                ? console.err()
                : new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    Runtime.getRuntime().addShutdownHook(bar.atExit);
    return bar;
  }

  /** Shows {@code done} of {@code steps}. */
  void show(int done, int steps, String doing) {
    int filled = WIDTH * done / steps;
    terminal.print(
        CLEAR_LINE
            + "["
            + "#".repeat(filled)
            + ".".repeat(WIDTH - filled)
            + "] "
            + 100 * done / steps
            + " % "
            + doing);
    terminal.flush();
  }

  private void clear() {
    terminal.print(CLEAR_LINE);
    terminal.flush();
  }

  @Override
  public void close() {
    clear();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The process is ending, and the hook does the same.
    }
  }
}
