package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** load, inspect and extract of UKIs and addons. */
class UkiCommandsTest {
  @TempDir Path dir;
  private Cli cli;
  private byte[] raw;

  @BeforeEach
  void writeFiles() throws Exception {
    cli = new Cli(dir);
    raw = TestImages.image(5_000, 0x10000);
    byte[] zboot = TestImages.zboot(raw, "zstd");
    TestImages.write(dir, "uki", TestImages.uki(ByteView.of(zboot)));
    TestImages.write(dir, "zboot", zboot);
    TestImages.write(dir, "b.addon.efi", TestImages.addon("two"));
    TestImages.write(dir, "a.addon.efi", TestImages.addon("one"));
    TestImages.write(dir, "initrd", new byte[5000]);
    TestImages.write(dir, "machine", TestImages.MACHINE.getBytes(StandardCharsets.UTF_8));
  }

  private JsonNode load(String... more) {
    String[] words =
        Arrays.copyOf(
            new String[] {"load", "uki", "--machine", "machine", "--json"}, 5 + more.length);
    System.arraycopy(more, 0, words, 5, more.length);
    return cli.run(words).succeeds().json();
  }

  private static String segmentSize(JsonNode plan, String role) {
    for (JsonNode segment : plan.at("/segments")) {
      if (segment.at("/role").asText().equals(role)) {
        return segment.at("/bufsz").asText();
      }
    }
    throw new AssertionError(role);
  }

  @Test
  void theUkisOwnIsLoaded() {
    JsonNode plan = load();
    assertThat(plan.at("/image/layers").findValuesAsText("format"))
        .containsExactly("uki", "zboot", "arm64-image");
    assertThat(plan.at("/command_line").asText()).isEqualTo("console=ttyAMA0 quiet");
    assertThat(plan.at("/handed_command_line").asText()).isEqualTo("console=ttyAMA0 quiet");
    JsonNode composition = plan.at("/composition");
    assertThat(composition.at("/kernel/from").asText()).isEqualTo(".linux");
    assertThat(composition.at("/initrds").findValuesAsText("from"))
        .containsExactly(".ucode", ".initrd");
    assertThat(composition.at("/command_line/from").asText()).isEqualTo(".cmdline");
    assertThat(composition.at("/dtb/from").asText()).isEqualTo("machine");
    assertThat(composition.at("/profile").asInt()).isZero();
    assertThat(composition.findValuesAsText("why")).hasSize(5).doesNotContain("");
    assertThat(segmentSize(plan, "initrd")).isEqualTo("0x1398");
  }

  @Test
  void whatIsGivenWins() {
    JsonNode plan = load("--append", "", "--initrd", "initrd", "--profile", "rescue");
    assertThat(plan.at("/command_line").asText()).isEmpty();
    assertThat(segmentSize(plan, "initrd")).isEqualTo("0x1388");
    assertThat(plan.at("/composition/command_line/from").asText()).isEqualTo("given");
    assertThat(plan.at("/composition/initrds/0/from").asText()).isEqualTo("given");
    assertThat(plan.at("/composition/profile_id").asText()).isEqualTo("rescue");
    assertThat(plan.at("/initrd/file").asText()).isEqualTo("initrd");
  }

  @Test
  void addonsAreTakenInTheOrderOfTheirNames() {
    JsonNode plan = load("--addon", "b.addon.efi", "--addon=a.addon.efi", "--profile", "1");
    assertThat(plan.at("/command_line").asText()).isEqualTo("console=ttyAMA0 rescue one two");
    JsonNode inspected =
        cli.run("inspect", "uki", "--json", "--addon", "b.addon.efi", "--addon", "a.addon.efi")
            .succeeds()
            .json();
    assertThat(inspected.at("/composition/command_line/text").asText())
        .isEqualTo("console=ttyAMA0 quiet one two");
  }

  @Test
  void wrongChoicesAreRefused() {
    cli.run("load", "uki", "--profile", "2", "--json").rejects(Reason.NO_SUCH_PROFILE);
    cli.run("load", "uki", "--addon", "uki", "--json").rejects(Reason.BAD_HEADER);
    cli.run("load", "uki", "--addon", "machine", "--json").rejects(Reason.UNKNOWN_FORMAT);
    cli.run("load", "uki", "--addon", "none").failsWith(ExitStatus.FILE);
    cli.run("inspect", "uki", "--profile", "x").failsWith(ExitStatus.NO);
    cli.run("inspect", "zboot", "--profile", "0").failsWith(ExitStatus.USAGE);
    cli.run("load", "uki", "--profile", "0", "--profile", "1").failsWith(ExitStatus.USAGE);
    cli.run("load", "a.addon.efi", "--json").rejects(Reason.UNKNOWN_FORMAT);
  }

  @Test
  void whatIsChosenOfAUkiGoesWithNoOtherFile() {
    for (String command : List.of("inspect", "load")) {
      for (String choice : List.of("--profile=0", "--addon=a.addon.efi")) {
        List<String> words = new ArrayList<>(List.of(command, "zboot", choice));
        if (command.equals("load")) {
          words.addAll(List.of("--machine", "machine"));
        }
        String said = cli.run(words.toArray(String[]::new)).failsWith(ExitStatus.USAGE).err();
        assertThat(said).contains(choice.substring(0, choice.indexOf('=')) + " goes with a UKI");
      }
    }
    cli.run("inspect", "a.addon.efi", "--profile", "0").failsWith(ExitStatus.USAGE);
    Cli.Result extract = cli.run("extract", "zboot", "--profile", "0", "-o", "-");
    assertThat(extract.failsWith(ExitStatus.USAGE).err()).doesNotContain("--addon");
  }

  @Test
  void theInnermostKernelAndSectionsAreExtracted() throws Exception {
    cli.run("extract", "uki", "-o", "kernel").succeeds();
    assertThat(Files.readAllBytes(dir.resolve("kernel"))).startsWith(raw);
    assertThat(cli.run("extract", "uki", "--section", ".uname", "-o", "-").succeeds().out())
        .isEqualTo("6.12.0");
    List<String> own = List.of("extract", "uki", "--section", ".cmdline", "--profile", "rescue");
    assertThat(cli.run("extract", "uki", "--section", ".cmdline", "-o", "-").succeeds().out())
        .isEqualTo("console=ttyAMA0 quiet\n");
    String[] words = own.toArray(new String[own.size() + 2]);
    words[6] = "-o";
    words[7] = "-";
    assertThat(cli.run(words).succeeds().out()).isEqualTo("console=ttyAMA0 rescue");
    cli.run("extract", "uki", "--section", ".dtb", "-o", "-").failsWith(ExitStatus.NO);
    cli.run("extract", "zboot", "--section", ".linux", "-o", "-").failsWith(ExitStatus.NO);
    cli.run("extract", "uki", "--section", ".linux", "--layer", "1", "-o", "-")
        .failsWith(ExitStatus.USAGE);
  }

  @Test
  void sectionsOfEveryPeLayerAreExtracted() throws Exception {
    assertThat(extracted("uki", ".text")).isEqualTo("stub");
    assertThat(extracted("a.addon.efi", ".cmdline")).isEqualTo("one");
    cli.run("extract", "a.addon.efi", "--section", ".linux", "-o", "-").failsWith(ExitStatus.NO);
    cli.run("extract", "a.addon.efi", "--section", ".text", "--profile", "0", "-o", "-")
        .failsWith(ExitStatus.USAGE);
    byte[] inner = TestImages.uki(ByteView.of(TestImages.zboot(raw, "zstd")));
    byte[] outer = TestImages.overlappingUki(ByteView.of(inner));
    TestImages.write(dir, "nested", outer);
    assertThat(extracted("nested", ".uname")).isEqualTo("6.12.0");
  }

  @Test
  void aDamagedKernelDoesNotMatterForASectionAroundIt() throws Exception {
    byte[] zboot = TestImages.zboot(raw, "zstd");
    Arrays.fill(zboot, zboot.length / 2, zboot.length, (byte) 0);
    TestImages.write(dir, "damaged", TestImages.uki(ByteView.of(zboot)));
    assertThat(extracted("damaged", ".uname")).isEqualTo("6.12.0");
  }

  @Test
  void theDotOfASectionIsRemembered() {
    for (String file : List.of("uki", "a.addon.efi")) {
      assertThat(
              cli.run("extract", file, "--section", "cmdline", "-o", "-")
                  .failsWith(ExitStatus.NO)
                  .err())
          .contains(".cmdline?");
    }
  }

  private String extracted(String file, String section) {
    return cli.run("extract", file, "--section", section, "-o", "-").succeeds().out();
  }

  /** What turns the direction of the line, and what is no ASCII. */
  @Test
  void commandLinesAreEscapedAlike() throws Exception {
    TestImages.write(dir, "c.addon.efi", TestImages.addon("a\u202eb \u00fc"));
    String shown = "a\\u202eb \\xfc";
    assertThat(cli.run("inspect", "c.addon.efi").succeeds().out()).contains(shown);
    for (String command : List.of("inspect", "load")) {
      List<String> words = new ArrayList<>(List.of(command, "uki", "--addon", "c.addon.efi"));
      if (command.equals("load")) {
        words.addAll(List.of("--machine", "machine"));
      }
      String out = cli.run(words.toArray(String[]::new)).succeeds().out();
      assertThat(out).contains(shown).doesNotContain("\u202e");
    }
  }

  @Test
  void namesAreShownWithoutWhatTurnsTheLine() {
    assertThat(TextPage.printable("\u00fc \ud83d\ude00")).isEqualTo("\u00fc \ud83d\ude00");
    assertThat(TextPage.printable("a\u202eb\u001b\u2028\ud800"))
        .isEqualTo("a\\u202eb\\x1b\\u2028\\ud800");
  }

  @Test
  void longTablesAreCutAndCounted() throws Exception {
    byte[] many = TestImages.uki(ByteView.of(TestImages.image(5_000, 0x10000)), 1000);
    TestImages.write(dir, "many", many);
    JsonNode layer = cli.run("inspect", "many", "--json").succeeds().json().at("/layers/0");
    assertThat(layer.at("/section_count").asInt()).isEqualTo(1003);
    assertThat(layer.at("/sections")).hasSize(256);
    assertThat(layer.at("/fields/profiles").asText()).isEqualTo("1000");
    assertThat(layer.at("/fields/profile @255").asText()).isEqualTo("p255");
    assertThat(layer.at("/fields").has("profile @256")).isFalse();
    assertThat(cli.run("inspect", "many").succeeds().out())
        .contains("and 747 more sections", "and 744 more than shown");
    JsonNode last = cli.run("inspect", "many", "--json", "--profile", "p999").succeeds().json();
    assertThat(last.at("/composition/profile").asInt()).isEqualTo(999);
  }

  @Test
  void addonsAreShown() {
    JsonNode addon = cli.run("inspect", "a.addon.efi", "--json").succeeds().json().at("/addon");
    assertThat(addon.at("/command_line").asText()).isEqualTo("one");
    assertThat(addon.at("/arch").asText()).isEqualTo("arm64");
    assertThat(addon.at("/adds/0/section").asText()).isEqualTo(".cmdline");
    assertThat(cli.run("inspect", "a.addon.efi").succeeds().out()).contains("UKI addon arm64");
  }

  @Test
  void everyCourseIsShownOfAUki() {
    JsonNode plan = load("--strategies", "--simulate");
    assertThat(plan.at("/outcome/success").asBoolean()).isTrue();
    assertThat(plan.at("/strategies/2/reason/code").asText()).isEqualTo("unsupported-strategy");
  }

  @Test
  void aUkiMayBeLoadedByKexecTools() {
    JsonNode plan = load("--strategy", "user");
    assertThat(plan.at("/composition/kernel/from").asText()).isEqualTo(".linux");
  }

  @Test
  void lintSaysNoToDefectsOnly() throws Exception {
    byte[] kernel = TestImages.zboot(TestImages.image(0x2000, 0x3000), "gzip");
    TestImages.write(dir, "broken", TestImages.overlappingUki(ByteView.of(kernel)));
    cli.run("inspect", "broken").succeeds();
    Cli.Result shown = cli.run("inspect", "broken", "--lint").failsWith(ExitStatus.NO);
    assertThat(shown.out()).contains("!!");
    JsonNode layers = cli.run("inspect", "broken", "--json").succeeds().json().at("/layers");
    assertThat(layers.at("/0/findings").findValuesAsText("code")).contains("sections-overlap");
    cli.run("inspect", "uki", "--lint").succeeds();
    cli.run("inspect", "a.addon.efi", "--lint").succeeds();
  }
}
