package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
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
