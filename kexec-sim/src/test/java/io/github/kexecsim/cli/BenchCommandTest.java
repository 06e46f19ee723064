package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kexecsim.loader.codec.CompressionMethod;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shape of what {@code bench} answers. What it measures is not looked at. */
class BenchCommandTest {
  @TempDir Path dir;
  private Cli cli;

  @BeforeEach
  void writeFiles() throws Exception {
    cli = new Cli(dir);
    byte[] image = Arrays.copyOf(TestImages.image(20_000, 0x80000), 0x80000);
    TestImages.write(dir, "Image", image);
    TestImages.write(dir, "zboot", TestImages.zboot(image, "zstd22"));
  }

  @Test
  void everyMethodIsMeasuredAndDrawn() throws Exception {
    JsonNode json =
        cli.run("bench", "zboot", "--json", "--svg", "svg", "--sample", "64K", "--time", "1")
            .succeeds()
            .json();
    assertThat(json.at("/methods").findValuesAsText("method")).containsExactly(labels());
    assertThat(json.at("/image/kernel_size").asText()).isEqualTo("0x80000");
    assertThat(json.at("/sample/size").asText()).isEqualTo("0x10000");
    assertThat(json.at("/methods").findValuesAsText("size")).containsOnly("0x10000");
    JsonNode zboot = cli.run("inspect", "zboot", "--json").json().at("/layers/0");
    assertThat(json.at("/shipped/method").asText()).isEqualTo("zstd");
    assertThat(json.at("/shipped/compressed_size")).isEqualTo(zboot.at("/payload_size"));
    assertThat(json.at("/shipped/size")).isEqualTo(zboot.at("/declared_size"));
    assertThat(Svg.texts(Files.readString(dir.resolve("svg"))))
        .contains(labels())
        .contains("zstd, as shipped");
  }

  @Test
  void aTableOrThePictureGoesToStandardOutput() {
    String text = cli.run("bench", "Image", "--time", "1").succeeds().out();
    assertThat(text).contains(labels()).contains("arm64-image, 512 KiB", "all of it");
    assertThat(text).doesNotContain("as the image has it");
    assertThat(text.lines()).allMatch(line -> line.length() <= TextPage.WIDTH);
    assertThat(Svg.texts(cli.run("bench", "Image", "--time", "1", "--svg", "-").succeeds().out()))
        .contains(labels());
  }

  private static String[] labels() {
    return Arrays.stream(CompressionMethod.values())
        .map(CompressionMethod::label)
        .toArray(String[]::new);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Image zboot",
        "Image --json --svg -",
        "Image --time 0",
        "Image --sample 65535",
        "Image --sample 2G"
      })
  void wrongUsage(String arguments) {
    assertThat(run(arguments).failsWith(ExitStatus.USAGE).out()).isEmpty();
  }

  @Test
  void nothingIsMeasuredWhereNothingCanBeWritten() throws Exception {
    TestImages.write(dir, "svg", new byte[1]);
    assertThat(run("Image --svg svg").failsWith(ExitStatus.FILE).out()).isEmpty();
    assertThat(run("none").failsWith(ExitStatus.FILE).out()).isEmpty();
    assertThat(run("svg").failsWith(ExitStatus.NO).out()).isEmpty();
  }

  private Cli.Result run(String arguments) {
    return cli.run(("bench " + arguments).split(" "));
  }

  @Test
  void theBarIsForTerminals() {
    assertThat(barOn(true)).contains("50 % halfway").endsWith("\r\u001b[K");
    assertThat(barOn(false)).isEmpty();
  }

  private String barOn(boolean terminal) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(err, false, StandardCharsets.UTF_8);
    Console console = new Console(stream, stream, dir, new Host(dir, Optional.empty()), terminal);
    try (ProgressBar bar = ProgressBar.on(console)) {
      bar.show(0, 4, "beginning");
      bar.show(2, 4, "halfway");
    }
    return err.toString(StandardCharsets.UTF_8);
  }
}
