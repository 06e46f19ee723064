package io.github.kexecsim.bench;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * Has a payload decoded in a new Java process, which runs as this one does: same JVM, same options,
 * same archive of classes.
 */
final class DecoderProcess {
  /** Behind one of these, what stands is no longer the JVM's. */
  private static final Set<String> ENDS_JVM_OPTIONS =
      Set.of("-jar", "-cp", "-classpath", "--class-path", "-p", "--module-path", "-m", "--module");

  private DecoderProcess() {}

  /**
   * Decodes {@code payload} again and again.
   *
   * @param expected what comes out
   * @param budget how long to go on
   * @throws InterruptedIOException if this process is ending, or its thread is to
   * @throws IOException if the process cannot be started, or does not end well
   */
  static Timings time(
      CompressionMethod method, ByteView payload, ByteView expected, Duration budget)
      throws IOException {
    CRC32 crc = new CRC32();
    crc.update(expected.array(), expected.arrayOffset(), expected.size());
    List<String> command = new ArrayList<>(java());
    command.add(method.label());
    command.add(String.valueOf(expected.size()));
    command.add(String.valueOf(crc.getValue()));
    command.add(String.valueOf(budget.toMillis()));
    return timings(run(command, payload));
  }

  /** The command that starts {@link DecoderMain}, up to its arguments. */
  private static List<String> java() {
    ProcessHandle.Info self = ProcessHandle.current().info();
    List<String> command = new ArrayList<>();
    command.add(
        self.command().orElse(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    for (String argument : self.arguments().orElse(new String[0])) {
      if (!argument.startsWith("-") || ENDS_JVM_OPTIONS.contains(argument)) {
        break;
      }
      // A debugger or profiler attached here would be in each other's way there.
      if (!argument.startsWith("-agent") && !argument.startsWith("-javaagent")) {
        command.add(argument);
      }
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(DecoderMain.class.getName());
    return command;
  }

  /** Runs to the end, or with this process to its own: nothing stays behind. */
  private static String run(List<String> command, ByteView input) throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    Thread end = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(end);
    try {
      try (OutputStream out = process.getOutputStream()) {
        out.write(input.array(), input.arrayOffset(), input.size());
      }
      String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw new IOException("it ended with status " + status);
      }
      return answer;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    } finally {
      process.destroyForcibly();
      forget(end);
    }
  }

  private static void forget(Thread hook) throws InterruptedIOException {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      throw new InterruptedIOException("this process is ending");
    }
  }

  private static Timings timings(String answer) throws IOException {
    String nanos =
        answer
            .lines()
            .filter(line -> line.startsWith(DecoderMain.ANSWER))
            .findFirst()
            .orElseThrow(() -> new IOException("it did not answer"));
    return new Timings(Arrays.stream(nanos.split(" ")).skip(1).map(Long::valueOf).toList());
  }
}
