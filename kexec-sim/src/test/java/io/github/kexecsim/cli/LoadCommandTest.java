package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadCommandTest {
  @TempDir Path dir;
  private Cli cli;

  @BeforeEach
  void writeFiles() throws Exception {
    cli = new Cli(dir);
    TestImages.write(dir, "machine", TestImages.MACHINE.getBytes(StandardCharsets.UTF_8));
    TestImages.write(dir, "zboot", TestImages.zboot(TestImages.image(20_000, 0x10000), "zstd"));
    TestImages.write(dir, "initrd", new byte[5000]);
  }

  @Test
  void withoutArgumentsItLoadsTheSample() {
    JsonNode plan = cli.run("load", "--json").succeeds().json();
    assertThat(plan.at("/verdict").asText()).isEqualTo("loadable");
    assertThat(plan.at("/image/layers/0/format").asText()).isEqualTo("zboot");
    assertThat(plan.at("/machine/arch").asText()).isEqualTo("arm64");
    assertThat(plan.at("/machine/source").asText()).startsWith("built in");
    assertThat(plan.at("/segments/0/role").asText()).isEqualTo("kernel");
  }

  @Test
  void everythingIsInThePlan() {
    JsonNode plan =
        cli.run(
                "load",
                "zboot",
                "--machine",
                "machine",
                "--initrd",
                "initrd",
                "--append",
                "console=ttyAMA0 naïve",
                "--json")
            .succeeds()
            .json();
    assertThat(plan.at("/segments").findValuesAsText("role"))
        .containsExactly("kernel", "initrd", "dtb");
    assertThat(plan.at("/segments/0/mem").asText()).isEqualTo("0x40400000");
    assertThat(plan.at("/segments/0/memsz").asText()).isEqualTo("0x10000");
    assertThat(plan.at("/segments/1/mem").asText()).isEqualTo("0x40410000");
    assertThat(plan.at("/segments/1/bufsz").asText()).isEqualTo("0x1388");
    assertThat(plan.at("/segments/1/sha256").asText())
        .isEqualTo(plan.at("/initrd/sha256").asText());
    assertThat(plan.at("/command_line").asText()).isEqualTo("console=ttyAMA0 naïve");
    assertThat(plan.at("/handed_command_line")).isEqualTo(plan.at("/command_line"));
    assertThat(plan.at("/entry").asText()).isEqualTo("0x40400000");
    assertThat(plan.at("/machine/ranges/0/end").asText()).isEqualTo("0x44000000");
  }

  @Test
  void commandLineIsAnotherNameOfAppend() {
    String[] args = {"load", "zboot", "--machine", "machine", "--json", "--command-line=a b"};
    assertThat(cli.run(args).succeeds().json().at("/command_line").asText()).isEqualTo("a b");
  }

  @Test
  void aCommandLineThatTheLocaleGarbledIsNotLoaded() {
    cli.run("load", "--append", "na\ufffd\ufffdve").failsWith(ExitStatus.USAGE);
  }

  @Test
  void theSameSeedGivesTheSamePlan() {
    String one = cli.run("load", "--json", "--seed", "1").succeeds().out();
    assertThat(cli.run("load", "--json", "--seed", "0x1").succeeds().out()).isEqualTo(one);
  }

  @Test
  void aPlanOnAnotherArchitectureIsRefusedOrWarnedOf() {
    Cli.Result result = cli.run("load", "zboot", "--arch", "x86_64", "--json");
    result.failsWith(ExitStatus.NO);
    assertThat(result.json().at("/reason/errno").asText()).isEqualTo("ENOEXEC");
    assertThat(result.json().at("/machine/arch").asText()).isEqualTo("x86_64");
  }

  @Test
  void theVerdictStandsFirstAndLinesAreShort() {
    String out =
        cli.run("load", "zboot", "--machine", "machine", "--initrd", "initrd").succeeds().out();
    assertThat(out).startsWith("loadable: ");
    assertThat(out.lines()).allMatch(line -> line.length() <= TextPage.WIDTH);
    assertThat(out).contains("0x40400000", "64 KiB", "initrd");
  }

  @Test
  void thePlanGoesToAFileAsJsonWhateverIsPrinted() throws Exception {
    String text = cli.run("load", "zboot", "--machine", "machine", "-o", "plan").succeeds().out();
    assertThat(text).startsWith("loadable: ");
    String json = Files.readString(dir.resolve("plan"));
    String printed = cli.run("load", "zboot", "--machine", "machine", "--json").out();
    assertThat(json).isEqualTo(printed);
    assertThat(cli.run("load", "zboot", "--machine", "machine", "-o", "-").out())
        .isEqualTo(printed);
  }

  private Cli.Result compare(String log, String... options) throws Exception {
    TestImages.write(dir, "log", log.getBytes(StandardCharsets.UTF_8));
    String[] args = {"load", "zboot", "--machine", "machine", "--compare", "log"};
    String[] all = Arrays.copyOf(args, args.length + options.length);
    System.arraycopy(options, 0, all, args.length, options.length);
    return cli.run(all);
  }

  private String logOfThePlan() {
    JsonNode segments =
        cli.run("load", "zboot", "--machine", "machine", "--json").json().at("/segments");
    StringBuilder log = new StringBuilder("kexec_file: nr_segments = " + segments.size() + "\n");
    for (int i = 0; i < segments.size(); i++) {
      log.append("kexec_file: segment[" + i + "]: buf=0x00000000c1d2e3f4")
          .append(" bufsz=" + segments.get(i).get("bufsz").asText())
          .append(" mem=" + segments.get(i).get("mem").asText())
          .append(" memsz=" + segments.get(i).get("memsz").asText() + "\n");
    }
    return log.toString();
  }

  @Test
  void aLogOfTheSameLoadIsIdentical() throws Exception {
    JsonNode compared = compare(logOfThePlan(), "--json").succeeds().json().at("/compare");
    assertThat(compared.at("/log").asText()).isEqualTo("log");
    assertThat(compared.at("/identical").asBoolean()).isTrue();
    assertThat(compared.at("/differences")).isEmpty();
    assertThat(compare(logOfThePlan()).succeeds().out()).contains("compared", "log: identical");
  }

  @Test
  void aLogOfAnotherLoadIsNot() throws Exception {
    String other = logOfThePlan().replace("mem=0x40400000", "mem=0x40600000");
    JsonNode compared = compare(other, "--json").failsWith(ExitStatus.NO).json().at("/compare");
    assertThat(compared.at("/identical").asBoolean()).isFalse();
    assertThat(compared.at("/differences")).hasSize(1);
    String out = compare(other).failsWith(ExitStatus.NO).out();
    assertThat(out).startsWith("loadable: ").contains("log: 1 difference", "0x40600000");
    assertThat(out.lines()).allMatch(line -> line.length() <= TextPage.WIDTH);
  }

  @Test
  void aRefusalIsComparedWithTheLogsOwn() throws Exception {
    String refused =
        "kexec_file: kernel: 00000000dfb1129f kernel_size: 0x4e20\n"
            + "kexec_file_load failed: Cannot assign requested address\n";
    JsonNode same = compare(refused, "--json", "-p").failsWith(ExitStatus.NO).json();
    assertThat(same.at("/reason/errno").asText()).isEqualTo("EADDRNOTAVAIL");
    assertThat(same.at("/compare/identical").asBoolean()).isTrue();
    JsonNode other = compare(refused, "--json").failsWith(ExitStatus.NO).json();
    assertThat(other.at("/verdict").asText()).isEqualTo("loadable");
    assertThat(other.at("/compare/identical").asBoolean()).isFalse();
  }

  @Test
  void aLogThatTellsOfNoLoadCannotBeUsed() throws Exception {
    assertThat(compare("eth0: link is up\n", "--json").failsWith(ExitStatus.FILE).out()).isEmpty();
    cli.run("load", "--compare", "none").failsWith(ExitStatus.FILE);
  }

  @Test
  void aPlanIsEmittedWithAScriptThatBootsIt() throws Exception {
    String out = cli.run("load", "--emit", "plan").succeeds().out();
    assertThat(out).startsWith("loadable: ").contains("plan: kernel.bin", "plan/boot.sh");
    assertThat(Files.isExecutable(dir.resolve("plan/boot.sh"))).isTrue();
    String json = cli.run("load", "--json").out();
    assertThat(dir.resolve("plan/plan.json")).hasContent(json);

    assertThat(cli.run("load", "--emit", "plan").failsWith(ExitStatus.FILE).err())
        .contains("--force");
    assertThat(cli.run("load", "--emit", "plan", "--force", "--json").succeeds().out())
        .isEqualTo(json);
    cli.run("load", "--emit", "none/plan").failsWith(ExitStatus.FILE);
    cli.run("load", "--emit", "machine").failsWith(ExitStatus.FILE);
  }

  @Test
  void whatQemuCannotBootIsAWarning() {
    String out = cli.run("load", "zboot", "--machine", "machine", "--emit", "plan").out();
    assertThat(out).contains("warning", "plan/boot.sh boots nothing: ");
  }

  @Test
  void aRefusedPlanEmitsNothing() {
    cli.run("load", "zboot", "--arch", "x86_64", "--emit", "plan").failsWith(ExitStatus.NO);
    assertThat(dir.resolve("plan")).doesNotExist();
  }

  @Test
  void aGzipFileIsPlannedAsWhatIsInIt() throws Exception {
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(TestImages.image(20_000, 0x10000));
    }
    TestImages.write(dir, "Image.gz", gzip.toByteArray());
    JsonNode plan = cli.run("load", "Image.gz", "--json").succeeds().json();
    assertThat(plan.at("/machine/arch").asText()).isEqualTo("arm64");
    assertThat(plan.at("/image/layers").findValuesAsText("format"))
        .containsExactly("gzip", "arm64-image");
  }

  @Test
  void nothingDependsOnTheLocale() {
    String[] args = {"load", "zboot", "--machine", "machine", "--initrd", "initrd"};
    String expected = cli.run(args).out() + cli.run("load", "--json").out();
    Locale before = Locale.getDefault();
    try {
      for (String tag : new String[] {"tr-TR", "ar-EG-u-nu-arab", "de-DE", "hi-IN-u-nu-deva"}) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        assertThat(cli.run(args).out() + cli.run("load", "--json").out()).isEqualTo(expected);
        assertThat(cli.run("inspect", "zboot").succeeds().out()).contains("zboot", "0x4e20");
      }
    } finally {
      Locale.setDefault(before);
    }
  }
}
