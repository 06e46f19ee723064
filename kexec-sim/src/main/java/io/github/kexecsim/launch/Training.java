package io.github.kexecsim.launch;

import io.github.kexecsim.cli.Main;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SampleKernels;
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
    Path zboot = directory.resolve("sample.zboot");
    Path raw = directory.resolve("sample.Image");
    Files.write(zboot, SampleKernels.zboot(Architecture.ARM64).toByteArray());
    Files.write(raw, SampleKernels.raw(Architecture.ARM64).toByteArray());
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    for (List<String> command : commands(directory, zboot.toString(), raw.toString())) {
      Main.run(command.toArray(String[]::new), nowhere, nowhere);
    }
  }

  private static List<List<String>> commands(Path directory, String zboot, String raw) {
    List<List<String>> commands = new ArrayList<>();
    commands.add(List.of("--version"));
    commands.add(List.of("--help"));
    commands.add(List.of("load"));
    commands.add(List.of("load", "--json"));
    commands.add(List.of("load", "--simulate"));
    commands.add(List.of("load", "--help"));
    commands.add(List.of("load", "--emit", directory.resolve("plan").toString()));
    commands.add(List.of("load", zboot, "--json"));
    commands.add(List.of("load", raw, "--initrd", raw, "--append", "console=ttyAMA0"));
    for (Architecture architecture : Architecture.values()) {
      commands.add(List.of("load", raw, "--arch", architecture.label()));
    }
    commands.add(List.of("inspect", zboot));
    commands.add(List.of("inspect", zboot, "--json"));
    commands.add(List.of("replay", raw));
    for (CompressionMethod method : CompressionMethod.values()) {
      String packed = directory.resolve(method.label() + ".zboot").toString();
      String extracted = directory.resolve(method.label() + ".Image").toString();
      commands.add(List.of("pack", raw, "--method", method.label(), "-o", packed));
      commands.add(List.of("extract", packed, "-o", extracted));
    }
    return commands;
  }
}
