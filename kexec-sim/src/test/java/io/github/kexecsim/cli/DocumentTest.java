package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The sessions in docs/cli.md are what the command prints: all of them run in one directory, in
 * order. With {@code -Dkexecsim.updateDocs=true} the document is brought up to date instead.
 */
class DocumentTest {
  private static final Path DOCUMENT = Path.of("..", "docs", "cli.md");
  private static final Pattern SESSION = Pattern.compile("```console\n(.*?)```", Pattern.DOTALL);
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|(\\S+)");

  /** Of the sample image on the sample machine. */
  private static final String LOG =
      """
      [  102.118230] kexec_file: kernel: 00000000a3d7e6b1 kernel_size: 0x9000
      [  102.120911] kexec_file: nr_segments = 2
      [  102.120914] kexec_file: segment[0]: buf=0x00000000a3d7e6b1 bufsz=0x9000 mem=0x41800000 memsz=0x9000
      [  102.120917] kexec_file: segment[1]: buf=0x0000000052f3c1d0 bufsz=0x5f3 mem=0x7de00000 memsz=0x1000
      [  102.120921] kexec_file: kexec_file_load: type:0, start:0x41800000 head:0x0 flags:0x8
      """;

  @TempDir Path dir;
  private int lastStatus;

  @ParameterizedTest
  @ValueSource(strings = {"docs/cli.md", "README.md"})
  void theSessionsAreTrue(String name) throws Exception {
    Path documentPath = Path.of("..").resolve(name);
    InputFile sample = Samples.image(Optional.empty());
    TestImages.write(dir, "vmlinuz.efi", sample.bytes().toByteArray());
    TestImages.write(dir, "uki.efi", TestImages.uki(sample.bytes()));
    TestImages.write(dir, "overlapping.efi", TestImages.overlappingUki(sample.bytes()));
    TestImages.write(dir, "debug.addon.efi", TestImages.addon("debug"));
    TestImages.write(dir, "initrd.img", new byte[300_000]);
    TestImages.write(
        dir, "iomem.txt", "00000000-00000000 : System RAM\n".getBytes(StandardCharsets.US_ASCII));
    TestImages.write(dir, "dmesg.txt", LOG.getBytes(StandardCharsets.US_ASCII));
    String document = Files.readString(documentPath);
    Matcher sessions = SESSION.matcher(document);
    StringBuilder actual = new StringBuilder();
    while (sessions.find()) {
      String replacement = "```console\n" + replay(sessions.group(1)) + "```";
      sessions.appendReplacement(actual, Matcher.quoteReplacement(replacement));
    }
    sessions.appendTail(actual);
    if (Boolean.getBoolean("kexecsim.updateDocs")) {
      Files.writeString(documentPath, actual);
    }
    assertThat(actual.toString()).isEqualTo(Files.readString(documentPath));
  }

  /** The commands of a session, each with what it prints now. */
  private String replay(String session) {
    StringBuilder printed = new StringBuilder();
    session
        .lines()
        .filter(line -> line.startsWith("$ "))
        .forEach(line -> printed.append(line).append('\n').append(run(line.substring(2))));
    return printed.toString();
  }

  private String run(String command) {
    if (command.equals("echo $?")) {
      return lastStatus + "\n";
    }
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(command);
    while (matcher.find()) {
      words.add(Optional.ofNullable(matcher.group(1)).orElse(matcher.group(2)));
    }
    assertThat(words.get(0)).isEqualTo("kexec-sim");
    Cli.Result result = new Cli(dir).run(words.subList(1, words.size()).toArray(new String[0]));
    lastStatus = result.status();
    if (words.contains("--json")) {
      Cli.parse(result.out());
    }
    return result.out() + result.err();
  }

  @Test
  void everyOptionIsDescribed() throws Exception {
    String document = Files.readString(DOCUMENT);
    for (Command command : Command.all()) {
      assertThat(document).contains("$ kexec-sim " + command.syntax().command() + " --help");
    }
  }
}
