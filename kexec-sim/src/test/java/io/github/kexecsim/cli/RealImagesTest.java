package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.digest.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kernels as they were shipped, against what the ordinary tools say of them. */
class RealImagesTest {
  @TempDir Path dir;
  private Path images;
  private Cli cli;

  @BeforeEach
  void findImages() {
    images = TestImages.folder("kexecsim.images");
    cli = new Cli(images);
  }

  @Test
  void inspectAndExtractAgreeWithTheTools() throws IOException {
    JsonNode expected = new ObjectMapper().readTree(images.resolve("expected.json").toFile());
    for (var file : expected.properties()) {
      JsonNode facts = file.getValue();
      if (!facts.has("method")) {
        continue;
      }
      JsonNode shown = cli.run("inspect", file.getKey(), "--json").succeeds().json();
      JsonNode outer = shown.at("/layers/0");
      assertThat(shown.at("/sha256")).isEqualTo(facts.get("sha256"));
      assertThat(outer.get("format")).isEqualTo(facts.get("kind"));
      assertThat(outer.get("method")).isEqualTo(facts.get("method"));
      assertThat(number(outer, "payload_offset")).isEqualTo(facts.get("payload_offset").asLong());
      assertThat(number(outer, "payload_size")).isEqualTo(facts.get("payload_size").asLong());
      assertThat(shown.at("/layers/1/sha256")).isEqualTo(facts.get("decompressed_sha256"));

      byte[] inner = cli.run("extract", file.getKey(), "-o", "-").succeeds().bytes();
      try (Digests digests = new Digests()) {
        assertThat(digests.sha256(ByteView.of(inner)))
            .isEqualTo(facts.get("decompressed_sha256").asText());
      }
    }
  }

  private static long number(JsonNode layer, String name) {
    return Long.decode(layer.get(name).asText());
  }

  @Test
  void everyImageIsInspectedAsText() throws IOException {
    try (Stream<Path> files = Files.list(images)) {
      for (Path file : files.filter(name -> name.toString().matches(".*(zboot|Image)")).toList()) {
        String out = cli.run("inspect", file.toString()).succeeds().out();
        assertThat(out.lines()).allMatch(line -> line.length() <= TextPage.WIDTH);
      }
    }
  }

  @Test
  void aRealKernelIsPlacedWhereTheRealKernelPlacedIt() {
    Path machine = TestImages.folder("kexecsim.recordedLoads").resolve("arm64-virt-1g.json");
    JsonNode plan =
        cli.run(
                "load",
                "tiny72-arm64-zstd.zboot",
                "--machine",
                machine.toString(),
                "--initrd",
                "bootcheck-arm64.cpio.gz",
                "--json")
            .succeeds()
            .json();
    assertThat(plan.at("/segments").findValuesAsText("role"))
        .containsExactly("kernel", "initrd", "dtb");
    assertThat(plan.at("/segments/0/mem").asText()).isEqualTo("0x40800000");
    assertThat(plan.at("/segments/0/memsz").asText()).isEqualTo("0x5b0000");
    assertThat(plan.at("/segments/1/mem").asText()).isEqualTo("0x40db0000");
    assertThat(number(plan.at("/segments/2"), "mem")).isGreaterThan(0x7f00_0000L);
  }

  @Test
  void debiansKernelForLoongArchIsPlanned() throws IOException {
    Path iomem =
        Files.writeString(
            dir.resolve("iomem"),
            """
            00000000-0fffffff : System RAM
              00200000-01ffffff : Kernel code
            80000000-afffffff : System RAM
            """);
    JsonNode plan =
        cli.run(
                "load",
                "deb72-loong64.zboot",
                "--arch",
                "loongarch64",
                "--iomem",
                iomem.toString(),
                "--json")
            .succeeds()
            .json();
    assertThat(plan.at("/segments/0/role").asText()).isEqualTo("kernel");
    assertThat(plan.has("purgatory")).isFalse();
  }

  @Test
  void debiansBzImageIsPlannedWithAPurgatory() {
    JsonNode plan = cli.run("load", "deb612-cloud-amd64.bzImage", "--json").succeeds().json();
    assertThat(plan.at("/purgatory/entry")).isEqualTo(plan.at("/entry"));
    assertThat(plan.at("/segments").findValuesAsText("role"))
        .containsExactly("purgatory", "boot_params", "kernel");
  }

  @Test
  void debiansBzImageIsShownFromInside() {
    JsonNode image = cli.run("inspect", "deb612-cloud-amd64.bzImage", "--json").succeeds().json();
    JsonNode own = image.at("/layers/0/decompressor");
    assertThat(own.at("/needed_init_size")).isEqualTo(own.at("/init_size"));
    assertThat(own.at("/regions").findValuesAsText("role")).contains("bss", "page-tables");
    assertThat(image.at("/layers/1/vmlinux/segments")).hasSize(4);
    assertThat(image.at("/layers/1/vmlinux/relocations/groups").findValuesAsText("kind"))
        .containsExactly("absolute-64", "inverse-32", "absolute-32");
    assertThat(image.at("/layers/1/fields").has("segment LOAD (4)")).isTrue();
  }

  @Test
  void debiansBzImageTellsWhichMemoryIsToBeZero() {
    JsonNode plan = cli.run("load", "deb612-cloud-amd64.bzImage", "--json").succeeds().json();
    assertThat(plan.at("/zero").findValuesAsText("zeroed_by"))
        .containsExactly("nobody", "loader", "decompressor");
    JsonNode kernel = plan.at("/segments/2");
    long end = number(kernel, "mem") + number(kernel, "memsz");
    assertThat(number(plan.at("/zero/1"), "start"))
        .isEqualTo(number(kernel, "mem") + number(kernel, "bufsz"));
    assertThat(number(plan.at("/zero/2"), "end")).isEqualTo(end);
  }

  @Test
  void debiansKernelBecomesAnX86ZbootImage() {
    cli.run("extract", "deb612-cloud-amd64.bzImage", "-o", path("vmlinux")).succeeds();
    cli.run("pack", path("vmlinux"), "--method", "lz4", "-o", path("x86.zboot")).succeeds();
    String machine =
        TestImages.folder("kexecsim.recordedLoads").resolve("x86-bios-1g-612.json").toString();
    String[] load = {"load", path("x86.zboot"), "--arch", "x86_64", "--machine", machine};

    JsonNode plan =
        cli.run(with(load, "--json", "--seed", "5", "--append", "no5lvl")).succeeds().json();

    assertThat(plan.at("/image/layers").findValuesAsText("format"))
        .containsExactly("zboot", "x86-Image");
    assertThat(plan.at("/segments").findValuesAsText("role"))
        .containsExactly("purgatory", "boot_params", "kernel");
    assertThat(plan.at("/kaslr/physical/chosen")).isEqualTo(plan.at("/segments/2/mem"));
    assertThat(plan.at("/kernel_entry")).isEqualTo(plan.at("/segments/2/mem"));
    assertThat(plan.at("/segments/2/memsz").asText()).isEqualTo("0x3200000");
    // The recorded machine uses 5 levels.
    assertThat(plan.at("/paging/levels").asInt()).isEqualTo(4);
    assertThat(plan.at("/paging/trampoline/start").asText()).isEqualTo("0x9d000");
    assertThat(plan.at("/code_regions").findValuesAsText("executable"))
        .containsExactly("true", "false", "true");
    assertThat(cli.run(with(load, "--append", "nokaslr", "--simulate")).succeeds().out())
        .contains("stays at 0x1000000: nokaslr is on the command line")
        .contains("the next kernel was entered");
  }

  private String path(String name) {
    return dir.resolve(name).toString();
  }

  private static String[] with(String[] arguments, String... more) {
    return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
  }
}
