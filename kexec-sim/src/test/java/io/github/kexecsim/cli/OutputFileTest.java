package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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

  @Test
  void aTemporaryOfAnotherProcessOfTheSameNumberIsLeftAlone() throws Exception {
    String name = ".kexec-sim-" + ProcessHandle.current().pid() + "-0.tmp";
    Files.writeString(dir.resolve(name), "theirs");
    extract("out").succeeds();
    assertThat(Files.readAllBytes(dir.resolve("out"))).isEqualTo(raw);
    assertThat(dir.resolve(name)).hasContent("theirs");
    assertThat(Cli.snapshot(dir)).containsOnlyKeys("out", "zboot", name);
  }

  @Test
  void theLongestNameThereIs() throws Exception {
    String name = "n".repeat(255);
    extract(name).succeeds();
    assertThat(Files.readAllBytes(dir.resolve(name))).isEqualTo(raw);
    extract(name + "n").failsWith(ExitStatus.FILE);
  }

  @Test
  void theInputMayBeTheOutputOnlyWhenForced() throws Exception {
    Map<String, String> before = Cli.snapshot(dir);
    extract("zboot").failsWith(ExitStatus.FILE);
    assertThat(Cli.snapshot(dir)).isEqualTo(before);
    extract("zboot", "--force").succeeds();
    assertThat(Files.readAllBytes(dir.resolve("zboot"))).isEqualTo(raw);
  }

  @Test
  void aLinkToItselfIsKept() throws Exception {
    Files.createSymbolicLink(dir.resolve("loop"), Path.of("loop"));
    extract("loop").failsWith(ExitStatus.FILE);
    extract("loop/out").failsWith(ExitStatus.FILE);
    assertThat(Files.isSymbolicLink(dir.resolve("loop"))).isTrue();
    assertThat(Cli.snapshot(dir)).containsOnlyKeys("zboot");
  }

  @Test
  void aNameOfManyLinesIsOneLineOfAnAnswer() throws Exception {
    String name = "one\ntwo\u001b";
    assertThat(extract(name).succeeds().out()).hasLineCount(1).doesNotContain("\u001b");
    assertThat(Files.readAllBytes(dir.resolve(name))).isEqualTo(raw);
  }

  @Test
  void aPipeIsWrittenInto() throws Exception {
    Process mkfifo = new ProcessBuilder("mkfifo", dir.resolve("pipe").toString()).start();
    assumeTrue(mkfifo.waitFor() == 0, "skipped: no mkfifo here");
    Process reader = new ProcessBuilder("cat", dir.resolve("pipe").toString()).start();
    extract("pipe").succeeds();
    assertThat(reader.getInputStream().readAllBytes()).isEqualTo(raw);
    assertThat(reader.waitFor()).isZero();
  }

  @Test
  void aDirectoryThatCannotBeWritten() throws Exception {
    Path readOnly = Files.createDirectory(dir.resolve("read-only"));
    Files.setPosixFilePermissions(readOnly, PosixFilePermissions.fromString("r-xr-xr-x"));
    // Root may write there all the same, but not here.
    String folder = Files.isWritable(readOnly) ? "/proc" : readOnly.toString();
    assumeTrue(Files.isDirectory(Path.of(folder)), "skipped: root, and no /proc here");
    extract(folder + "/out").failsWith(ExitStatus.FILE);
    cli.run("load", "--emit", folder + "/emitted").failsWith(ExitStatus.FILE);
    cli.run("load", "--emit", folder, "--force").failsWith(ExitStatus.FILE);
  }
}
