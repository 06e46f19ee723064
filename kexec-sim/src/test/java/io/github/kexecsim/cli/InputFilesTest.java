package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are not what they look like. */
class InputFilesTest {
  private static final long LARGEST = Integer.MAX_VALUE - 8;

  @TempDir Path dir;
  private Cli cli;

  @BeforeEach
  void makeCli() {
    cli = new Cli(dir);
  }

  private void sparse(String name, long size) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(dir.resolve(name).toFile(), "rw")) {
      file.setLength(size);
    }
  }

  @Test
  void aFileThatHasLessInItThanItsSizeSaysIsNotPlanned() throws IOException {
    Optional<Path> shorter;
    try (Stream<Path> files =
        Stream.of("/sys/kernel/uevent_seqnum", "/sys/kernel/profiling", "/sys/power/state")
            .map(Path::of)
            .filter(Files::isReadable)) {
      shorter = files.findFirst();
    }
    assumeTrue(shorter.isPresent(), "skipped: no /sys here, whose files are shorter than they say");
    assertThat(Files.size(shorter.get())).isGreaterThan(Files.readAllBytes(shorter.get()).length);
    assertThat(cli.run("load", shorter.get().toString()).failsWith(ExitStatus.FILE).out())
        .isEmpty();
  }

  @Test
  void aFileThatHasMoreInItThanItsSizeSaysIsReadToItsEnd() throws IOException {
    Path status = Path.of("/proc/self/status");
    assumeTrue(Files.isReadable(status), "skipped: no /proc here, whose files have size 0");
    assertThat(Files.size(status)).isZero();
    cli.run("inspect", status.toString()).failsWith(ExitStatus.NO);
    cli.run("inspect", status.toString(), "--max-file", "100").failsWith(ExitStatus.FILE);
  }

  @Test
  void aFileAboveTwoGigabytesIsNotRead() throws IOException {
    sparse("big", 3L << 30);
    assertThat(cli.run("load", "big").failsWith(ExitStatus.FILE).err()).contains("--max-file");
    assertThat(cli.run("load", "big", "--max-file", "" + LARGEST).failsWith(ExitStatus.FILE).err())
        .doesNotContain("--max-file");
    cli.run("load", "big", "--max-file", "3G").failsWith(ExitStatus.USAGE);
  }

  @Test
  void aFileThatTheHeapHasNoRoomForIsNotRead() throws IOException {
    assumeTrue(Runtime.getRuntime().maxMemory() <= 2L << 30, "skipped: this heap has room");
    sparse("big", LARGEST);
    cli.run("load", "big", "--max-file", "" + LARGEST).failsWith(ExitStatus.FILE);
  }

  @Test
  void linksThatLeadNowhere() throws IOException {
    Files.createSymbolicLink(dir.resolve("dangling"), Path.of("none"));
    Files.createSymbolicLink(dir.resolve("loop"), Path.of("loop"));
    cli.run("load", "dangling").failsWith(ExitStatus.FILE);
    cli.run("load", "loop").failsWith(ExitStatus.FILE);
    cli.run("load", "loop/image").failsWith(ExitStatus.FILE);
    cli.run("replay", "loop").failsWith(ExitStatus.FILE);
  }
}
