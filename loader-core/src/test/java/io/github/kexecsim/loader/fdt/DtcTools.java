package io.github.kexecsim.loader.fdt;

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

/** The programs of the device-tree-compiler package, where they are installed. */
final class DtcTools {
  private DtcTools() {}

  static void assumeInstalled(String program) {
    boolean found =
        Pattern.compile(File.pathSeparator, Pattern.LITERAL)
            .splitAsStream(System.getenv().getOrDefault("PATH", ""))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    assumeTrue(found, "skipped: " + program + " (device-tree-compiler) is not installed");
  }

  /** Runs a program in a folder; it must succeed. Its output is returned. */
  static String run(Path folder, List<String> command) throws IOException, InterruptedException {
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int status = process.waitFor();
    String text = Files.readString(output, StandardCharsets.ISO_8859_1);
    assertThat(status).as("%s: %s", command, text).isZero();
    return text;
  }

  /** Compiles source text with more options for dtc. */
  static byte[] compile(Path folder, String source, List<String> options)
      throws IOException, InterruptedException {
    Files.writeString(folder.resolve("in.dts"), source, StandardCharsets.ISO_8859_1);
    List<String> command =
        new ArrayList<>(List.of("dtc", "-q", "-q", "-I", "dts", "-O", "dtb", "-o", "out.dtb"));
    command.addAll(options);
    command.add("in.dts");
    run(folder, command);
    return Files.readAllBytes(folder.resolve("out.dtb"));
  }

  /** What dtc reads in a blob, as source text. */
  static String decompile(Path folder, byte[] blob) throws IOException, InterruptedException {
    Files.write(folder.resolve("in.dtb"), blob);
    return run(folder, List.of("dtc", "-q", "-q", "-I", "dtb", "-O", "dts", "in.dtb"));
  }
}
