package io.github.kexecsim.cli;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SampleKernels;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the command answers to a session that shows most of what it can print. */
final class Transcript {
  private static final List<List<String>> SESSION =
      List.of(
          List.of("--help"),
          List.of("load", "--help"),
          List.of("load"),
          List.of("load", "--json"),
          List.of("load", "--arch", "riscv64", "--simulate"),
          List.of("load", "--simulate", "--page-source", "random:7", "--json"),
          List.of("load", "--strategies"),
          List.of("load", "--strategy", "emulated-efi", "--simulate", "--json"),
          List.of("load", "zboot", "--append", "I\u0131i\u0130=\u0663 gr\u00fc\u00dfe", "--json"),
          List.of("load", "zboot", "--arch", "x86_64", "--json"),
          List.of("load", "damaged", "--json"),
          List.of("load", "text", "--json"),
          List.of("load", "none"),
          List.of("load", "--page-size", "5"),
          List.of("lo\u0131ad"),
          List.of("inspect", "zboot"),
          List.of("inspect", "zboot", "--json"),
          List.of("inspect", "damaged"),
          List.of("extract", "zboot", "-o", "-"),
          List.of("replay", "recorded"));

  private Transcript() {}

  /**
   * Prints the session's answers on standard output, byte by byte.
   *
   * @param args the directory that {@link #prepare} filled
   */
  public static void main(String[] args) throws IOException {
    try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
      out.write(of(Path.of(args[0])));
    }
  }

  /** Writes the files that the session is about. */
  static void prepare(Path directory) throws Exception {
    byte[] zboot = SampleKernels.zboot(Architecture.ARM64).toByteArray();
    TestImages.write(directory, "zboot", zboot);
    TestImages.write(
        directory, "damaged", TestImages.with(zboot, TestImages.word(zboot, 8) + 64, 0x55555555));
    TestImages.write(directory, "text", "not a kernel\n".getBytes(StandardCharsets.US_ASCII));
    Path recorded = Files.createDirectory(directory.resolve("recorded"));
    Path recordings = TestImages.folder("kexecsim.recordedLoads");
    for (String name : List.of("arm64-virt-1g.json", "x86-bios-1g-72.json")) {
      Files.copy(recordings.resolve(name), recorded.resolve(name));
    }
  }

  /** Each command's status, standard output and standard error. */
  static byte[] of(Path directory) throws IOException {
    Cli cli = new Cli(directory);
    ByteArrayOutputStream transcript = new ByteArrayOutputStream();
    for (List<String> command : SESSION) {
      Cli.Result result = cli.run(command.toArray(String[]::new));
      transcript.write(("$ " + command + "\n").getBytes(StandardCharsets.UTF_8));
      transcript.write(result.bytes());
      transcript.write(result.err().getBytes(StandardCharsets.UTF_8));
      transcript.write(("= " + result.status() + "\n").getBytes(StandardCharsets.UTF_8));
    }
    return transcript.toByteArray();
  }
}
