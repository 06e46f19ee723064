package io.github.kexecsim.cli;

import java.io.PrintStream;

/** The command {@code kexec-sim}. */
public final class Main {
  private Main() {}

  /** Runs the command and ends the process with its status. */
  public static void main(String[] args) {
    System.exit(run(args, System.out, System.err));
  }

  /** Runs the command and returns its exit status. */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    out.println("kexec-sim " + Main.class.getPackage().getImplementationVersion());
    return 0;
  }
}
