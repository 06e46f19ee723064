package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.Reason;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** inspect, extract and pack. */
class ImageCommandsTest {
  @TempDir Path dir;
  private Cli cli;
  private byte[] raw;

  @BeforeEach
  void writeFiles() throws Exception {
    cli = new Cli(dir);
    raw = TestImages.image(20_000, 0x10000);
    TestImages.write(dir, "Image", raw);
    TestImages.write(dir, "zboot", TestImages.zboot(raw, "zstd"));
    TestImages.write(dir, "text", "no kernel\n".getBytes(StandardCharsets.UTF_8));
  }

  static Stream<String> methods() {
    return Arrays.stream(CompressionMethod.values()).flatMap(method -> method.names().stream());
  }

  @ParameterizedTest
  @MethodSource("methods")
  void whatIsPackedIsExtracted(String method) throws Exception {
    String told = cli.run("pack", "Image", "--method", method, "-o", "packed").succeeds().out();
    assertThat(told).contains(method, "no EFI stub");
    cli.run("extract", "packed", "-o", "unpacked").succeeds();
    assertThat(Files.readAllBytes(dir.resolve("unpacked"))).isEqualTo(Arrays.copyOf(raw, 0x10000));

    cli.run("pack", "Image", "--method", method, "--no-pad", "-o", "packed", "--force").succeeds();
    assertThat(cli.run("extract", "packed", "-o", "-").succeeds().bytes()).isEqualTo(raw);
    JsonNode layers = cli.run("inspect", "packed", "--json").succeeds().json().at("/layers");
    assertThat(layers.at("/0/method").asText()).isEqualTo(method);
    assertThat(layers.at("/1/extent").asText()).isEqualTo("file");
  }

  @Test
  void onlyRawImagesArePacked() throws Exception {
    cli.run("pack", "zboot", "--method", "gzip", "-o", "packed").failsWith(ExitStatus.NO);
    cli.run("pack", "text", "--method", "gzip", "-o", "packed").failsWith(ExitStatus.NO);
    assertThat(dir.resolve("packed")).doesNotExist();
  }

  @Test
  void aVmlinuxIsAlwaysLaidOut() throws Exception {
    ByteBuffer elf = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
    elf.putShort(16, (short) 2).putShort(18, (short) 62).putInt(20, 1);
    elf.putShort(52, (short) 64).putShort(54, (short) 56);
    TestImages.write(dir, "vmlinux", elf.array());
    String[] pack = {"pack", "vmlinux", "--method", "gzip", "-o", "packed", "--no-pad"};
    cli.run(pack).failsWith(ExitStatus.USAGE);
    cli.run(Arrays.copyOf(pack, 6)).failsWith(ExitStatus.NO);
  }

  @Test
  void paddingIsBounded() throws Exception {
    TestImages.write(dir, "huge", TestImages.image(20_000, 1L << 40));
    cli.run("pack", "huge", "--method", "gzip", "-o", "packed").failsWith(ExitStatus.NO);
    cli.run("pack", "huge", "--method", "gzip", "-o", "packed", "--no-pad").succeeds();
  }

  @Test
  void inspectShowsEveryLayer() throws Exception {
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(Files.readAllBytes(dir.resolve("zboot")));
    }
    TestImages.write(dir, "nested", gzip.toByteArray());
    JsonNode json = cli.run("inspect", "nested", "--json").succeeds().json();
    assertThat(json.at("/layers").findValuesAsText("format"))
        .containsExactly("gzip", "zboot", "arm64-image");
    assertThat(json.at("/layers/1/sha256").asText())
        .isEqualTo(cli.run("inspect", "zboot", "--json").json().at("/sha256").asText());
    assertThat(json.at("/layers/2/fields/image_size").asText()).isEqualTo("0x10000");
    assertThat(cli.run("inspect", "nested").succeeds().out())
        .contains("layer 1: gzip", "layer 2: zboot arm64 (zstd)", "layer 3: arm64-image\n");

    cli.run("extract", "nested", "-o", "inner").succeeds();
    assertThat(Files.readAllBytes(dir.resolve("inner"))).isEqualTo(raw);
    for (int layer = 1; layer <= 3; layer++) {
      byte[] bytes = cli.run("extract", "nested", "-o", "-", "--layer", "" + layer).bytes();
      assertThat(bytes)
          .hasSize(Integer.decode(json.at("/layers").get(layer - 1).get("size").asText()));
    }
    cli.run("extract", "nested", "-o", "-", "--layer", "4").failsWith(ExitStatus.NO);
  }

  @Test
  void theLayersAroundADamagedOneAreShownAndExtracted() throws Exception {
    byte[] damaged = Files.readAllBytes(dir.resolve("zboot"));
    Arrays.fill(
        damaged, TestImages.word(damaged, 8) + 100, TestImages.word(damaged, 8) + 200, (byte) 0x55);
    TestImages.write(dir, "damaged", damaged);
    Cli.Result result = cli.run("inspect", "damaged", "--json").failsWith(ExitStatus.NO);
    assertThat(result.json().at("/layers")).hasSize(1);
    assertThat(result.json().at("/layers/0/method").asText()).isEqualTo("zstd");
    assertThat(result.json().at("/error/code").asText()).isNotEmpty();
    assertThat(cli.run("inspect", "damaged").failsWith(ExitStatus.NO).out()).contains("layer 1");

    cli.run("extract", "damaged", "-o", "out").failsWith(ExitStatus.NO);
    assertThat(dir.resolve("out")).doesNotExist();
    cli.run("extract", "damaged", "-o", "out", "--layer", "1").succeeds();
  }

  @Test
  void anUnknownMethodIsShownAsItStandsThere() throws Exception {
    TestImages.write(
        dir, "odd", TestImages.with(Files.readAllBytes(dir.resolve("zboot")), 0x18, 0x0000_1b7a));
    Cli.Result result = cli.run("inspect", "odd", "--json").failsWith(ExitStatus.NO);
    assertThat(result.json().at("/layers/0/method").asText()).isEqualTo("z\u001b");
    assertThat(result.json().at("/error/code").asText()).isEqualTo(Reason.UNKNOWN_METHOD.code());
    Cli.Result text = cli.run("inspect", "odd").failsWith(ExitStatus.NO);
    assertThat(text.out() + text.err()).doesNotContain("\u001b");
  }

  @Test
  void whatIsNoImageHasNoLayers() {
    Cli.Result result = cli.run("inspect", "text", "--json").failsWith(ExitStatus.NO);
    assertThat(result.json().at("/layers")).isEmpty();
    assertThat(result.json().at("/error/code").asText()).isEqualTo(Reason.UNKNOWN_FORMAT.code());
    assertThat(cli.run("inspect", "text").failsWith(ExitStatus.NO).out()).isEmpty();
  }
}
