package io.github.kexecsim.cli;

import io.github.kexecsim.loader.error.KexecException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The command {@code kexec-sim}. */
public final class Main {
  private static final int OUTPUT_BUFFER = 1 << 16;

  private Main() {}

  /** Runs the command and ends the process with its status. */
  public static void main(String[] args) {
    PrintStream out = stream(FileDescriptor.out);
    PrintStream err = stream(FileDescriptor.err);
    int status = run(List.of(args), Console.ofProcess(out, err));
    if (out.checkError() && !readerIsGone()) {
      err.println("kexec-sim: cannot write to standard output");
      status = ExitStatus.FILE.number();
    }
    err.flush();
    // From JDK 21 on, exit looks for a logger first, through every jar: most runs can do without.
    if (status != ExitStatus.DONE.number()) {
      System.exit(status);
    }
  }

  /**
   * Runs the command and returns its exit status: 0 done, 1 the answer is no, 2 wrong usage, 3 a
   * file could not be read or written.
   *
   * @param out for the answer
   * @param err for the line of an error
   */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return run(List.of(args), Console.of(out, err));
  }

  static int run(List<String> args, Console console) {
    boolean debug = args.contains(Syntax.DEBUG.name());
    ExitStatus status;
    try {
      status = dispatch(args, console);
    } catch (Failure e) {
      status = fail(console, e.status(), e.getMessage(), debug, e);
    } catch (KexecException e) {
      Failure failure = Failure.refused(e);
      status = fail(console, failure.status(), failure.getMessage(), debug, e);
    } catch (OutOfMemoryError e) {
      String message =
          "not enough memory: the Java heap has "
              + ByteCount.human(Runtime.getRuntime().maxMemory())
              + "; give it more with JAVA_TOOL_OPTIONS=-Xmx4g, or less to read with --max-file and"
              + " --max-decompressed";
      status = fail(console, ExitStatus.FILE, message, debug, e);
    } catch (RuntimeException e) {
      String message = "a defect of kexec-sim, please report it (--debug shows where): " + e;
      status = fail(console, ExitStatus.DEFECT, message, debug, e);
    }
    console.out().flush();
    console.err().flush();
    return status.number();
  }

  private static ExitStatus dispatch(List<String> args, Console console) {
    if (args.isEmpty()) {
      throw Failure.usage(
          "no command; \"kexec-sim load\" loads the built-in sample,"
              + " \"kexec-sim --help\" lists the commands");
    }
    String name = args.get(0);
    if (Syntax.HELP.names().contains(name)) {
      console.out().print(help());
      return ExitStatus.DONE;
    }
    if (name.equals("--version")) {
      console.out().println("kexec-sim " + version());
      return ExitStatus.DONE;
    }
    Command command =
        Command.byName(name)
            .orElseThrow(
                () ->
                    Failure.usage(
                        (name.startsWith("-") ? "unknown option " : "unknown command ")
                            + name
                            + "; \"kexec-sim --help\" lists the commands"));
    Arguments arguments = command.syntax().parse(args.subList(1, args.size()));
    if (arguments.has(Syntax.HELP)) {
      console.out().print(command.syntax().help());
      return ExitStatus.DONE;
    }
    return command.run(arguments, console);
  }

  private static ExitStatus fail(
      Console console, ExitStatus status, String message, boolean debug, Throwable cause) {
    console.out().flush();
    console.err().println("kexec-sim: " + TextPage.printable(message));
    if (debug) {
      cause.printStackTrace(console.err());
    }
    return status;
  }

  private static String help() {
    TextPage page = new TextPage();
    page.line("Usage: kexec-sim COMMAND [OPTION]... [FILE]...").line("");
    page.wrapped(
        "Tells whether a Linux kernel image will kexec on a machine, and where every byte lands.");
    page.line("");
    for (Command command : Command.all()) {
      Syntax syntax = command.syntax();
      page.entry(syntax.command() + " " + syntax.operands(), syntax.summary());
    }
    page.entry("--help", "Show this help; behind a command, that command's.");
    page.entry("--version", "Show the version.");
    page.line("");
    page.wrapped(
        "Exit status: 0 done; 1 the answer is no (rejected image, no room, differing replay, defect found by --lint); 2"
            + " wrong usage; 3 a file could not be read or written.");
    return page.toString();
  }

  private static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "(not packaged)" : version;
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(
        new BufferedOutputStream(new FileOutputStream(descriptor), OUTPUT_BUFFER),
        false,
        StandardCharsets.UTF_8);
  }

  /** Whether what stands behind standard output is a closed pipe, or nothing: no one to tell. */
  private static boolean readerIsGone() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
      return target.startsWith("pipe:") || target.startsWith("socket:");
    } catch (IOException | UnsupportedOperationException e) {
      return true;
    }
  }
}
