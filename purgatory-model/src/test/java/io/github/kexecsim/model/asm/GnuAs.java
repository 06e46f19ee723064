package io.github.kexecsim.model.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** The GNU assembler, as an oracle for ours. */
final class GnuAs {
  private final String prefix;
  private final Path directory;

  private GnuAs(String prefix, Path directory) {
    this.prefix = prefix;
    this.directory = directory;
  }

  /** Skips the test where the tools are missing. */
  static GnuAs assumeInstalled(String target, Path directory) {
    String prefix = target + "-linux-gnu-";
    assumeTrue(
        isOnPath(prefix + "as") && isOnPath(prefix + "ld"),
        "skipped: " + prefix + "as is not installed (package binutils-" + target + "-linux-gnu)");
    return new GnuAs(prefix, directory);
  }

  private static boolean isOnPath(String tool) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
  }

  /** The bytes of {@code .text}. */
  byte[] assemble(String source) throws IOException, InterruptedException {
    Path object = directory.resolve("object.o");
    Path binary = directory.resolve("text.bin");
    Path text = Files.writeString(directory.resolve("source.s"), source, StandardCharsets.US_ASCII);
    run(prefix + "as", "-o", object.toString(), text.toString());
    Path linked = directory.resolve("linked");
    run(prefix + "ld", "-Ttext=0", "-e", "0", "-o", linked.toString(), object.toString());
    run(prefix + "objcopy", "-O", "binary", "-j", ".text", linked.toString(), binary.toString());
    return Files.readAllBytes(binary);
  }

  private void run(String... command) throws IOException, InterruptedException {
    Path log = directory.resolve("log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).as(command[0]).isTrue();
    assertThat(process.exitValue()).as(() -> command[0] + ": " + read(log)).isZero();
  }

  private static String read(Path log) {
    try {
      return Files.readString(log, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
