package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayCommandTest {
  private static final String RECORD =
      """
      {
        "format": "kexec-recorded-loads/1",
        "name": "small",
        "machine": {
          "arch": "arm64", "kernel_version": "7.2.13", "page_size": 4096,
          "memblock_memory": "   0: 0x40000000..0x43ffffff    0 NONE\\n",
          "memblock_reserved": "   0: 0x40000000..0x403fffff    0 NONE\\n"
        },
        "kernels": {"none": {"size": 64, "header_hex": "00"}},
        "loads": [
          {"name": "refused", "kernel": "none", "initrd_size": null, "cmdline": "",
           "type": "default", "result": "RESULT"}
        ]
      }
      """;

  @TempDir Path dir;

  private void record(String name, String result) throws Exception {
    Files.writeString(dir.resolve(name), RECORD.replace("RESULT", result));
  }

  @Test
  void identicalLoads() throws Exception {
    record("one.json", "EINVAL");
    String out = new Cli(dir).run("replay", "one.json").succeeds().out();
    assertThat(out)
        .isEqualTo("small refused: identical\nreplayed 1 loads: 1 identical, 0 differ\n");
  }

  @Test
  void differencesAreTheAnswerNo() throws Exception {
    record("one.json", "EINVAL");
    record("two.json", "ENOEXEC");
    Cli.Result result = new Cli(dir).run("replay", "one.json", "two.json");
    assertThat(result.status()).isEqualTo(ExitStatus.NO.number());
    assertThat(result.err()).isEmpty();
    assertThat(result.out().lines()).hasSize(3);
    assertThat(result.out())
        .contains("small refused: differs: result ENOEXEC")
        .endsWith("replayed 2 loads: 1 identical, 1 differ\n");
  }

  @Test
  void aDirectoryStandsForItsRecordings() throws Exception {
    record("b.json", "EINVAL");
    record("a.json", "EINVAL");
    Files.writeString(dir.resolve("README.md"), "no recording");
    assertThat(new Cli(dir).run("replay", ".").succeeds().out())
        .endsWith("2 identical, 0 differ\n");
    Files.createDirectory(dir.resolve("empty"));
    new Cli(dir).run("replay", "empty").failsWith(ExitStatus.FILE);
  }

  @Test
  void whatIsNoRecordingIsRefused() throws Exception {
    Files.writeString(dir.resolve("bad.json"), "{\"format\": \"other\"}");
    assertThat(new Cli(dir).run("replay", "bad.json").failsWith(ExitStatus.NO).err())
        .contains("bad.json");
    Files.writeString(dir.resolve("bad.json"), "[".repeat(100_000));
    new Cli(dir).run("replay", "bad.json").failsWith(ExitStatus.NO);
  }

  @Test
  void everyRecordedLoadIsIdentical() {
    Path folder = TestImages.folder("kexecsim.recordedLoads");
    String out = new Cli(dir).run("replay", folder.toString()).succeeds().out();
    assertThat(out).containsPattern("replayed \\d+ loads: \\d+ identical, 0 differ\n$");
  }
}
