package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.error.Reason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything that is wrong with an image ends in one line, the right status, and JSON. */
class LoadErrorsTest {
  private static final int PAYLOAD_OFFSET = 8;
  private static final int PAYLOAD_SIZE = 12;
  private static final int METHOD = 0x18;

  @TempDir Path dir;
  private Cli cli;
  private byte[] raw;
  private byte[] zboot;

  @BeforeEach
  void writeMachine() throws Exception {
    cli = new Cli(dir);
    raw = TestImages.image(20_000, 0x10000);
    zboot = TestImages.zboot(raw, "zstd");
    TestImages.write(dir, "machine", TestImages.MACHINE.getBytes(StandardCharsets.UTF_8));
  }

  private Cli.Result load(byte[] image, String... more) throws Exception {
    TestImages.write(dir, "image", image);
    String[] args = {"load", "image", "--machine", "machine", "--json"};
    String[] all = Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return cli.run(all);
  }

  @ParameterizedTest
  @ValueSource(strings = {"load", "inspect", "extract", "pack", "replay"})
  void aMissingFile(String command) {
    String[] options =
        switch (command) {
          case "extract" -> new String[] {command, "none", "-o", "out"};
          case "pack" -> new String[] {command, "none", "-o", "out", "--method", "gzip"};
          default -> new String[] {command, "none"};
        };
    assertThat(cli.run(options).failsWith(ExitStatus.FILE).out()).isEmpty();
  }

  @Test
  void aDirectory() throws Exception {
    Files.createDirectory(dir.resolve("folder"));
    cli.run("load", "folder").failsWith(ExitStatus.FILE);
    cli.run("inspect", "folder").failsWith(ExitStatus.FILE);
  }

  @Test
  void aFileThatMayNotBeRead() throws Exception {
    Path file = Files.createFile(dir.resolve("secret"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    Assumptions.assumeFalse(Files.isReadable(file), "skipped: root may read every file");
    cli.run("load", "secret").failsWith(ExitStatus.FILE);
  }

  @Test
  void aPipeIsNotOpenedBecauseReadingItMayNeverEnd() throws Exception {
    Process mkfifo = new ProcessBuilder("mkfifo", dir.resolve("pipe").toString()).start();
    Assumptions.assumeTrue(mkfifo.waitFor() == 0, "skipped: no mkfifo here");
    cli.run("load", "pipe").failsWith(ExitStatus.FILE);
    cli.run("load", "/dev/zero").failsWith(ExitStatus.FILE);
  }

  @Test
  void anEmptyFile() throws Exception {
    load(new byte[0]).rejects(Reason.TRUNCATED);
    cli.run("load", "/dev/null", "--json").rejects(Reason.TRUNCATED);
  }

  @Test
  void aTextFile() throws Exception {
    Cli.Result result = load("#!/bin/sh\necho no kernel\n".getBytes(StandardCharsets.UTF_8));
    result.rejects(Reason.UNKNOWN_FORMAT);
    assertThat(cli.run("load", "image").failsWith(ExitStatus.NO).out()).isEmpty();
  }

  @Test
  void anImageCutOffWithinItsHeader() throws Exception {
    for (int size = 0; size <= 0x40; size++) {
      load(Arrays.copyOf(zboot, size)).failsWith(ExitStatus.NO);
      load(Arrays.copyOf(raw, Math.min(size, 0x3f))).failsWith(ExitStatus.NO);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "8, 0x7fffffff",
    "8, 0xffffffff",
    "8, 0xfffffff0",
    "12, 0x7fffffff",
    "12, 0xffffffff",
    "12, 0xffffeff0"
  })
  void aPayloadOutsideOfTheFile(int field, String value) throws Exception {
    load(TestImages.with(zboot, field, Integer.parseUnsignedInt(value.substring(2), 16)))
        .rejects(Reason.TRUNCATED);
  }

  @Test
  void anUnknownMethod() throws Exception {
    load(TestImages.with(zboot, METHOD, 0x007a_7a7a)).rejects(Reason.UNKNOWN_METHOD);
  }

  @Test
  void aGzipPayloadThatIsLabelledZstd() throws Exception {
    byte[] gzip = TestImages.zboot(raw, "gzip");
    int size = TestImages.word(gzip, PAYLOAD_SIZE);
    byte[] labelled = TestImages.with(gzip, METHOD, 0x6474_737a);
    int end = TestImages.word(gzip, PAYLOAD_OFFSET) + size;
    load(TestImages.with(labelled, end, raw.length)).rejects(Reason.CORRUPT_PAYLOAD);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1})
  void aSizeWordThatDisagrees(int by) throws Exception {
    int end = TestImages.word(zboot, PAYLOAD_OFFSET) + TestImages.word(zboot, PAYLOAD_SIZE);
    load(TestImages.with(zboot, end, raw.length + by)).rejects(Reason.SIZE_MISMATCH);
  }

  @Test
  void aSizeWordAboveTheLimit() throws Exception {
    load(zboot, "--max-decompressed", "19999").rejects(Reason.LIMIT_EXCEEDED);
    load(zboot, "--max-decompressed", "20000").succeeds();
    int end = TestImages.word(zboot, PAYLOAD_OFFSET) + TestImages.word(zboot, PAYLOAD_SIZE);
    load(TestImages.with(zboot, end, -1)).rejects(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void anInitrdLargerThanMemory() throws Exception {
    TestImages.write(dir, "initrd", new byte[65 << 20]);
    Cli.Result result = load(zboot, "--initrd", "initrd");
    result.failsWith(ExitStatus.NO);
    assertThat(result.json().at("/reason/code").asText())
        .isIn(Reason.NO_ROOM.code(), Reason.TOO_LARGE_FOR_MEMORY.code());
  }

  @Test
  void anEmptyInitrd() throws Exception {
    TestImages.write(dir, "initrd", new byte[0]);
    load(zboot, "--initrd", "initrd").rejects(Reason.TRUNCATED);
    load(zboot, "--initrd", "none").failsWith(ExitStatus.FILE);
  }

  @Test
  void noRoomForTheKernel() throws Exception {
    load(TestImages.image(20_000, 1L << 30)).rejects(Reason.NO_ROOM);
    load(TestImages.image(20_000, -1)).rejects(Reason.NO_ROOM);
  }

  @Test
  void aRejectedPlanIsWrittenToItsFileToo() throws Exception {
    load(TestImages.image(20_000, 1L << 30), "-o", "plan.json").rejects(Reason.NO_ROOM);
    assertThat(Cli.parse(Files.readString(dir.resolve("plan.json"))).at("/verdict").asText())
        .isEqualTo("rejected");
  }

  @Test
  void theTextOfARejectedLoadTellsWhatWasTried() throws Exception {
    TestImages.write(dir, "image", TestImages.zboot(TestImages.image(20_000, 1L << 30), "gzip"));
    String out = cli.run("load", "image", "--machine", "machine").failsWith(ExitStatus.NO).out();
    assertThat(out).startsWith("rejected: ").contains("zboot", "machine").doesNotContain("memsz");
  }

  @Test
  void aNameFullOfControlCharactersStaysOnOneLine() {
    String err = cli.run("load", "no\n\u001b[31msuch").failsWith(ExitStatus.FILE).err();
    assertThat(err).doesNotContain("\u001b").contains("no\\x0a\\x1b[31msuch");
  }

  @Test
  void onlyDebugShowsTheStackTrace() {
    assertThat(cli.run("load", "none", "--debug").err()).contains("\tat ");
  }

  @Test
  void theStackTraceOfARefusalLeadsToWhereItWasFound() throws Exception {
    Cli.Result result = load(TestImages.image(20_000, 1L << 40), "--debug");
    assertThat(result.err()).contains("Caused by: ", "io.github.kexecsim.loader.place.");
  }
}
