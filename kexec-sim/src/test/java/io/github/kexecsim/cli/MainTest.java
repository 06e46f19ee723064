package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "lod",
        "--unknown",
        "inspect",
        "extract x",
        "pack x -o y",
        "pack x -o y --method brotli",
        "replay",
        "load a b",
        "load --strategy magic",
        "load --arch vax",
        "load --seed -1",
        "load --seed 0xffffffffffffffff",
        "load --max-file 1T",
        "load --max-decompressed 3G",
        "load --max-decompressed 99999999999G",
        "load --max-depth 0",
        "load --memblock-memory x",
        "load --machine x --iomem y",
        "load --page-size 5",
        "load --kernel-version newest",
        "load --cpus 0",
        "load --crashkernel 128M",
        "load --crashkernel 0@0x70000000",
        "load --crashkernel 1@2@3",
        "extract x -o y --layer 0"
      })
  void wrongUsage(String line) {
    String[] args = line.isEmpty() ? new String[0] : line.split(" ");
    assertThat(new Cli(dir).run(args).failsWith(ExitStatus.USAGE).out()).isEmpty();
  }

  @Test
  void helpAndVersionAreAnswers() {
    Cli cli = new Cli(dir);
    assertThat(cli.run("--help").succeeds().out()).contains("load [IMAGE]", "replay FILE...");
    assertThat(cli.run("-h").succeeds().out()).isEqualTo(cli.run("--help").out());
    assertThat(cli.run("--version").succeeds().out()).startsWith("kexec-sim ");
  }

  @Test
  void theEntryPointForProgramsReturnsTheStatus() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, false, StandardCharsets.UTF_8);
    assertThat(Main.run(new String[] {"load", "--json"}, stream, stream)).isZero();
    assertThat(Cli.parse(out.toString(StandardCharsets.UTF_8)).at("/verdict").asText())
        .isEqualTo("loadable");
  }

  @Test
  void aReaderThatGoesAwayIsNoError() throws Exception {
    assertThat(shell("\"$@\" load | true")).isEmpty();
  }

  @Test
  void aClosedStandardOutputIsAnError() throws Exception {
    assertThat(shell("\"$@\" load >&-; test $? = 3")).startsWith("kexec-sim: ").hasLineCount(1);
  }

  @Test
  void aFullDiskIsAnError() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/full")), "skipped: no /dev/full here");
    assertThat(shell("\"$@\" load >/dev/full; test $? = 3"))
        .startsWith("kexec-sim: ")
        .hasLineCount(1);
  }

  /** Runs a script with the command as its arguments; returns what came on standard error. */
  private String shell(String script) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "skipped: no /bin/sh here");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String[] command = {
      "/bin/sh",
      "-c",
      script,
      "sh",
      java,
      "-cp",
      System.getProperty("java.class.path"),
      Main.class.getName()
    };
    Path err = dir.resolve("err");
    Process process =
        new ProcessBuilder(Arrays.asList(command)).redirectError(err.toFile()).start();
    process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isZero();
    return Files.readString(err);
  }
}
