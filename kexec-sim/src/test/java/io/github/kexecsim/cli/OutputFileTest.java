package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Output files are written whole or not at all, and none is lost unasked. */
class OutputFileTest {
  @TempDir Path dir;
  private Cli cli;
  private byte[] raw;

  @BeforeEach
  void writeImage() throws Exception {
    cli = new Cli(dir);
    raw = TestImages.image(20_000, 20_000);
    TestImages.write(dir, "zboot", TestImages.zboot(raw, "gzip"));
  }

  private Cli.Result extract(String output, String... force) {
    return force.length == 0
        ? cli.run("extract", "zboot", "-o", output)
        : cli.run("extract", "zboot", "-o", output, force[0]);
  }

  @Test
  void anExistingFileIsKeptUnlessForced() throws Exception {
    Files.writeString(dir.resolve("out"), "precious");
    Map<String, String> before = Cli.snapshot(dir);
    assertThat(extract("out").failsWith(ExitStatus.FILE).err()).contains("--force");
    cli.run("load", "-o", "out").failsWith(ExitStatus.FILE);
    assertThat(Cli.snapshot(dir)).isEqualTo(before);
    extract("out", "--force").succeeds();
    assertThat(Files.readAllBytes(dir.resolve("out"))).isEqualTo(raw);
  }

  @Test
  void anEmptyFileHasNothingToLose() throws Exception {
    Files.createFile(dir.resolve("out"));
    extract("out").succeeds();
    assertThat(Files.readAllBytes(dir.resolve("out"))).isEqualTo(raw);
    assertThat(Cli.snapshot(dir)).containsOnlyKeys("out", "zboot");
  }

  @Test
  void aLinkStaysALink() throws Exception {
    Files.writeString(dir.resolve("target"), "old");
    Files.createSymbolicLink(dir.resolve("link"), Path.of("target"));
    extract("link", "--force").succeeds();
    assertThat(Files.isSymbolicLink(dir.resolve("link"))).isTrue();
    assertThat(Files.readAllBytes(dir.resolve("target"))).isEqualTo(raw);
  }

  @Test
  void aDeviceIsWrittenIntoAndNotReplaced() {
    extract("/dev/null", "--force").succeeds();
    assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
    extract("/dev/full").failsWith(ExitStatus.FILE);
  }

  @Test
  void placesThatCannotBeWritten() throws Exception {
    Files.createDirectory(dir.resolve("folder"));
    Map<String, String> before = Cli.snapshot(dir);
    extract("folder").failsWith(ExitStatus.FILE);
    extract("none/out").failsWith(ExitStatus.FILE);
    extract("zboot/out").failsWith(ExitStatus.FILE);
    extract("").failsWith(ExitStatus.FILE);
    extract("nul\0").failsWith(ExitStatus.FILE);
    assertThat(Cli.snapshot(dir)).isEqualTo(before);
  }

  @Test
  void aFileAboveTheLimitIsNotRead() {
    cli.run("inspect", "zboot", "--max-file", "100").failsWith(ExitStatus.FILE);
    cli.run("inspect", "zboot", "--max-file", "1M").succeeds();
  }
}
