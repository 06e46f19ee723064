package io.github.kexecsim.launch;

import io.github.kexecsim.cli.Main;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.machine.Architecture;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs every command once on the samples, so that the JVM, told to archive the classes that it
 * loaded, has those of them all. What the commands answer is not looked at.
 */
public final class Training {
  private Training() {}

  /**
   * Runs the commands.
   *
   * @param arguments one: a directory for the files that are written on the way
   */
  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[0]);
    List<List<String>> commands = new ArrayList<>();
    commands.add(List.of("--version"));
    commands.add(List.of("--help"));
    commands.add(List.of("load"));
    commands.add(List.of("load", "--json"));
    commands.add(List.of("load", "--help"));
    commands.add(List.of("load", "--simulate"));
    commands.add(List.of("load", "--emit", directory.resolve("plan").toString()));
    commands.add(List.of("replay", directory.resolve("no.json").toString()));
    for (Architecture architecture : Architecture.values()) {
      Path raw = directory.resolve(architecture.label() + ".Image");
      Files.write(raw, TrainingKernels.raw(architecture).toByteArray());
      addLoads(commands, raw.toString());
    }
    Path arm64 = directory.resolve(Architecture.ARM64.label() + ".Image");
    for (CompressionMethod method : CompressionMethod.values()) {
      String zboot = directory.resolve(method.label() + ".zboot").toString();
      String extracted = directory.resolve(method.label() + ".Image").toString();
      commands.add(List.of("pack", arm64.toString(), "--method", method.label(), "-o", zboot));
      commands.add(List.of("extract", zboot, "-o", extracted));
      commands.add(List.of("extract", zboot, "-o", extracted, "--force"));
      addLoads(commands, zboot);
    }
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    for (List<String> command : commands) {
      Main.run(command.toArray(String[]::new), nowhere, nowhere);
    }
  }

  private static void addLoads(List<List<String>> commands, String image) {
    commands.add(List.of("inspect", image));
    commands.add(List.of("inspect", image, "--json"));
    commands.add(List.of("load", image));
    commands.add(List.of("load", image, "--json"));
    commands.add(List.of("load", image, "--initrd", image, "--append", "console=ttyAMA0"));
  }
}
