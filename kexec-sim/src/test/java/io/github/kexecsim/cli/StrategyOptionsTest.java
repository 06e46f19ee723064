package io.github.kexecsim.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.Strategy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Loads carried out on modelled memory, by every strategy. */
class StrategyOptionsTest {
  private static final Path ZBOOT =
      Path.of(System.getProperty("kexecsim.images", "absent"), "tiny72-arm64-zstd.zboot")
          .toAbsolutePath();

  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(strings = {"lowest", "highest", "trailing", "random:7", "adversarial:7"})
  void aSimulatedLoadEndsInTheKernel(String pageSource) {
    for (String arch : new String[] {"arm64", "riscv64"}) {
      JsonNode plan =
          json("load", "--arch", arch, "--simulate", "--page-source", pageSource, "--json");

      assertThat(plan.at("/outcome/success").asBoolean()).isTrue();
      assertThat(plan.at("/handoff/pc").asText()).isEqualTo(plan.at("/kernel_entry").asText());
      assertThat(plan.at("/relocation/page_source").asText()).isEqualTo(pageSource);
    }
  }

  @Test
  void aCrashLoadIsInPlaceAlready() {
    JsonNode plan = json("load", "-p", "--simulate", "--json");

    assertThat(plan.at("/relocation/head").asText()).isEqualTo("0x4");
    assertThat(plan.at("/outcome/success").asBoolean()).isTrue();
  }

  @Test
  void kexecToolsLoadTheSampleToo() {
    JsonNode plan = json("load", "--strategy", "user", "--simulate", "--json");

    assertThat(plan.at("/strategy").asText()).isEqualTo("user");
    assertThat(plan.at("/outcome/success").asBoolean()).isTrue();
  }

  @Test
  void anImageWithoutAStubHasNoEmulatedEfi() {
    new Cli(dir)
        .run("load", "--strategy", "emulated-efi", "--json")
        .rejects(Reason.UNSUPPORTED_STRATEGY);
    JsonNode courses = json("load", "--strategies", "--json").at("/strategies");
    assertThat(courses).hasSize(3);
    assertThat(courses.at("/0/success").asBoolean()).isTrue();
    assertThat(courses.at("/2/reason/code").asText()).isEqualTo("unsupported-strategy");
  }

  @Test
  void aRealStubRunsAgainstEmulatedServices() {
    Assumptions.assumeTrue(Files.exists(ZBOOT), "skipped: no real images beside the checkout");
    JsonNode plan =
        json("load", ZBOOT.toString(), "--strategy", "emulated-efi", "--simulate", "--json");

    assertThat(plan.at("/efi/success").asBoolean()).isTrue();
    assertThat(plan.at("/efi/events").toString()).contains("ExitBootServices");
    assertThat(plan.at("/efi/kernel/size").asText()).isEqualTo("0x5b0000");
  }

  @Test
  void firmwareMapsTheFileAsItIs() {
    for (String arch : new String[] {"arm64", "riscv64"}) {
      JsonNode plan = json("load", "--arch", arch, "--strategy", "firmware", "--json");

      JsonNode firmware = plan.get("firmware");
      assertThat(plan.get("segments")).hasSize(1);
      assertThat(plan.at("/segments/0/mem")).isEqualTo(firmware.get("base"));
      assertThat(firmware.get("parts"))
          .extracting(part -> part.get("name").asText())
          .containsExactly("", ".text", ".data");
      assertThat(firmware.at("/parts/1/protection").asText()).isEqualTo("r-x");
      assertThat(firmware.at("/zeros/0/end")).isEqualTo(firmware.at("/parts/2/end"));
      assertThat(firmware.at("/write_xor_execute/starts").asBoolean()).isTrue();
      assertThat(plan.get("entry")).isEqualTo(firmware.at("/parts/1/start"));
      assertThat(plan.get("image").get("layers")).hasSize(1);
    }
    assertThat(new Cli(dir).run("load", "--strategy", "firmware").succeeds().out())
        .contains("firmware's LoadImage accepts", "it starts where firmware enforces W^X")
        .contains("EFI_UNSUPPORTED")
        .doesNotContain("default load");
  }

  @Test
  void firmwareTellsOfWhatItDoesNotHandOver() throws Exception {
    TestImages.write(dir, "initrd", new byte[4096]);
    JsonNode plan =
        json("load", "--strategy", "firmware", "--initrd", "initrd", "--append", "quiet", "--json");
    assertThat(plan.get("warnings").toString()).contains("LoadFile2", "LoadOptions");
  }

  @Test
  void firmwareTellsOfWhatItLeavesToAUkisStub() throws Exception {
    ByteView kernel = ByteView.of(TestImages.image(4096, 8192));
    TestImages.write(dir, "uki", TestImages.uki(kernel));
    String[] load = {"load", "uki", "--strategy", "firmware", "--profile", "1", "--json"};
    assertThat(json(load).get("warnings").toString()).contains("chooses no profile");
  }

  @Test
  void firmwareHasNoUseForANoteOnThePurgatory() throws Exception {
    Path root = dir.resolve("root");
    Files.createDirectories(root.resolve("proc"));
    Files.writeString(root.resolve("proc/iomem"), "80000000-bfffffff : System RAM\n");
    Machine machine = ThisMachine.read(root, Architecture.RISCV64, Limits.DEFAULT).build();
    assertThat(machine.notes()).contains(ThisMachine.PURGATORY_NOTE);
    for (Strategy strategy : Strategy.values()) {
      PlanReport report =
          new PlanReport(
              new InputFile("Image", ByteView.of(new byte[1])),
              Optional.empty(),
              "",
              LoadType.DEFAULT,
              Optional.of(new ChosenMachine(machine, "this machine")),
              Optional.empty(),
              Optional.empty(),
              strategy,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty());
      assertThat(report.machineNotes().contains(ThisMachine.PURGATORY_NOTE))
          .isEqualTo(strategy != Strategy.FIRMWARE);
    }
  }

  @Test
  void anEmulatedEfiLoadOfAUkiNamesTheZbootImageInside() throws Exception {
    byte[] zboot = TestImages.zboot(TestImages.image(4096, 8192), "gzip");
    TestImages.write(dir, "zboot.uki", TestImages.uki(ByteView.of(zboot)));
    TestImages.write(dir, "raw.uki", TestImages.uki(ByteView.of(TestImages.image(4096, 8192))));
    assertThat(hint("zboot.uki")).contains("extract --section .linux");
    assertThat(hint("raw.uki")).doesNotContain("extract");
  }

  private String hint(String uki) {
    String[] load = {"load", uki, "--strategy", "emulated-efi", "--json"};
    return new Cli(dir).run(load).failsWith(ExitStatus.NO).json().at("/reason/hint").asText();
  }

  @Test
  void anX86ZbootImageIsLoadedByAModelOnly() throws Exception {
    byte[] raw = new byte[8192];
    byte[] nop = {0x0f, 0x1f, (byte) 0x80};
    ByteBuffer image = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0xd, nop).putInt(0x10, 8192).put(0x1d, nop).putInt(0x20, 4096);
    TestImages.write(dir, "Image", raw);
    Cli cli = new Cli(dir);
    cli.run("pack", "Image", "--method", "gzip", "-o", "x86.zboot").succeeds();
    TestImages.write(dir, "iomem", "01000000-07ffffff : System RAM\n".getBytes(UTF_8));
    String[] load = {"load", "x86.zboot", "--iomem", "iomem", "--json"};
    assertThat(cli.run(Arrays.copyOf(load, 4)).succeeds().out())
        .contains("no released kernel does")
        .doesNotContain("accepts");
    for (String strategy : new String[] {"user", "emulated-efi"}) {
      String[] other = Arrays.copyOf(load, 7);
      other[5] = "--strategy";
      other[6] = strategy;
      cli.run(other).rejects(Reason.UNSUPPORTED_STRATEGY);
    }
  }

  @Test
  void firmwareRefusesWhatIsNoEfiApplicationOfItsMachine() throws Exception {
    new Cli(dir)
        .run("load", "-p", "--strategy", "firmware", "--json")
        .rejects(Reason.UNSUPPORTED_STRATEGY);
    TestImages.write(dir, "raw", TestImages.image(4096, 8192));
    new Cli(dir)
        .run("load", "raw", "--strategy", "firmware", "--json")
        .rejects(Reason.UNSUPPORTED_IMAGE);
  }

  @Test
  void whatFirmwareLoadsIsInPlace() {
    new Cli(dir).run("load", "--strategy", "firmware", "--simulate").failsWith(ExitStatus.USAGE);
    new Cli(dir).run("load", "--strategy", "firmware", "--emit", "out").failsWith(ExitStatus.USAGE);
  }

  @Test
  void oldStubsDoNotStartWhereWriteXorExecuteIsEnforced() {
    Path old = ZBOOT.resolveSibling("tiny61-arm64-lz4.zboot");
    Assumptions.assumeTrue(Files.exists(old), "skipped: no real images beside the checkout");
    JsonNode plan = json("load", old.toString(), "--strategy", "firmware", "--json");
    assertThat(plan.at("/firmware/write_xor_execute/objections/0/code").asText())
        .isEqualTo("nx-compat-missing");
  }

  @Test
  void whatIsNotKnownIsWrongUsage() {
    new Cli(dir).run("load", "--strategy", "magic").failsWith(ExitStatus.USAGE);
    new Cli(dir).run("load", "--simulate", "--page-source", "best").failsWith(ExitStatus.USAGE);
    new Cli(dir).run("load", "--arch", "x86_64").failsWith(ExitStatus.USAGE);
  }

  private JsonNode json(String... args) {
    return new Cli(dir).run(args).succeeds().json();
  }
}
