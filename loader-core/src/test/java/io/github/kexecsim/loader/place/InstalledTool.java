package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** A program of the test machine that reads what we write. */
final class InstalledTool {
  private InstalledTool() {}

  /** Runs a program over a file of these bytes; it must succeed. What it printed is returned. */
  static String read(Path folder, byte[] bytes, String program, String... options)
      throws IOException, InterruptedException {
    boolean found =
        Pattern.compile(File.pathSeparator, Pattern.LITERAL)
            .splitAsStream(System.getenv().getOrDefault("PATH", ""))
            .anyMatch(entry -> Files.isExecutable(Path.of(entry, program)));
    assumeTrue(found, "skipped: " + program + " is not installed");
    Path file = Files.write(folder.resolve("input"), bytes);
    Path output = folder.resolve("output");
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(List.of(options));
    command.add(file.toString());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    int status = builder.redirectOutput(output.toFile()).start().waitFor();
    String text = Files.readString(output, StandardCharsets.ISO_8859_1);
    assertThat(status).as("%s: %s", command, text).isZero();
    return text;
  }
}
