package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that has no room for what is written says so, and nothing half-written stays on it. */
class DiskFullTest {
  /** Runs the command twice with its output in "full", then shows what stands there. */
  private static final String WRITE_AND_LIST =
      """
      "$@" extract zboot -o full/out
      test $? = 3 || exit 8
      "$@" load zboot --machine machine --emit full/emitted
      test $? = 3 || exit 9
      ls -A full
      """;

  @TempDir Path dir;

  @BeforeEach
  void writeImage() throws Exception {
    byte[] raw = TestImages.image(300_000, 300_000);
    TestImages.write(dir, "zboot", TestImages.zboot(raw, "gzip"));
    TestImages.write(dir, "machine", TestImages.MACHINE.getBytes(StandardCharsets.UTF_8));
    Files.createDirectory(dir.resolve("full"));
  }

  @Test
  void aSmallDisk() throws Exception {
    String mount = "mount -t tmpfs -o size=128k tmpfs full";
    assumeTrue(
        run("unshare", "-rm", "/bin/sh", "-c", mount) == 0,
        "skipped: no file system can be mounted here");
    assertNothingIsLeft("unshare", "-rm", "/bin/sh", "-c", mount + "\n" + WRITE_AND_LIST);
  }

  @Test
  void aProcessThatMayWriteSmallFilesOnly() throws Exception {
    assumeTrue(
        run("/bin/sh", "-c", "ulimit -f 100") == 0, "skipped: no shell that limits files here");
    assertNothingIsLeft("/bin/sh", "-c", "ulimit -f 100\n" + WRITE_AND_LIST);
  }

  private void assertNothingIsLeft(String... shell) throws Exception {
    List<String> command = new ArrayList<>(List.of(shell));
    Collections.addAll(
        command,
        "sh",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:-UsePerfData",
        "-cp",
        System.getProperty("java.class.path"),
        Main.class.getName());
    assertThat(run(command.toArray(String[]::new))).isZero();
    assertThat(dir.resolve("listed")).isEmptyFile();
    assertThat(Files.readAllLines(dir.resolve("err")))
        .hasSize(2)
        .allMatch(line -> line.startsWith("kexec-sim: cannot write "));
  }

  /** Runs a command to its end and answers its status; -1 where there is no such command. */
  private int run(String... command) throws Exception {
    if (!Files.isExecutable(Path.of("/bin/sh"))) {
      return -1;
    }
    try {
      return new ProcessBuilder(command)
          .directory(dir.toFile())
          .redirectOutput(dir.resolve("listed").toFile())
          .redirectError(dir.resolve("err").toFile())
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }
}
