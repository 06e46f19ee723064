package io.github.kexecsim.model.efi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.sim.PhysMemory;
import io.github.kexecsim.model.sim.Simulator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stubs of real images, run to the jump. */
class RealImagesTest {
  @ParameterizedTest
  @CsvSource({
    "tiny72-arm64-zstd.zboot, WORKSPACE",
    "tiny61-arm64-xz.zboot, LOAD_IMAGE",
    "tiny61-arm64-lz4.zboot, LOAD_IMAGE"
  })
  void aRealImageIsEntered(String name, StubGeneration generation) throws IOException {
    LoadRequest request =
        EfiLoads.request(EfiLoads.realImage(name))
            .withInitrd(ByteView.of(new byte[100_000]))
            .withCommandLine("console=ttyAMA0");

    EfiPlan plan = EfiPlan.of(request, EfiOptions.DEFAULT.withRngSeed(42));
    assertThat(plan.generation()).isEqualTo(generation);
    EfiOutcome outcome = EfiSimulator.run(plan);

    assertThat(outcome.isSuccess()).as("%s", outcome).isTrue();
    assertThat(outcome.unsupported()).containsExactly(EfiService.GET_VARIABLE);
    assertThat(HexFormat.of().formatHex(outcome.kernel().orElseThrow().sha256().toByteArray()))
        .isEqualTo(expectedDigest(name));
    assertThat(outcome.work().peakAllocated()).isLessThanOrEqualTo(plan.reserveSize());
  }

  private static String expectedDigest(String name) throws IOException {
    String json =
        Files.readString(
            Path.of(System.getProperty("kexecsim.images"), "expected.json"),
            StandardCharsets.UTF_8);
    Matcher digest =
        Pattern.compile("\"decompressed_sha256\": \"([0-9a-f]+)\"")
            .matcher(json.substring(json.indexOf('"' + name + '"')));
    assertThat(digest.find()).isTrue();
    return digest.group(1);
  }

  /** The estimate is made without looking inside: it must suffice all the same. */
  @ParameterizedTest
  @ValueSource(strings = {"tiny72-arm64-zstd.zboot", "tiny61-arm64-lz4.zboot"})
  void whatIsReservedSufficesOnSmallMachines(String name) throws IOException {
    ByteView image = ByteView.of(EfiLoads.realImage(name));
    int made = 0;
    for (int pages = 4 << 8; pages < 34 << 8; pages += 411) {
      LoadRequest request = LoadRequest.of(image, EfiLoads.machine(pages * 4096L));
      EfiPlan plan;
      try {
        plan = EfiPlan.of(request, EfiOptions.DEFAULT.withRngSeed(pages));
      } catch (KexecException e) {
        assertThat(e.reason()).isIn(Reason.NO_ROOM, Reason.TOO_LARGE_FOR_MEMORY);
        continue;
      }
      made++;
      EfiOutcome outcome = EfiSimulator.run(plan);
      assertThat(outcome.isSuccess()).as("%s", outcome).isTrue();
      assertThat(outcome.work().peakAllocated()).isLessThanOrEqualTo(plan.reserveSize());
    }
    assertThat(made).isPositive();
  }

  /** The two simulations on one memory: what the first leaves is what the second begins with. */
  @Test
  void theStubRunsOnWhatTheRelocationLeaves() throws IOException {
    EfiPlan plan =
        EfiPlan.of(
            EfiLoads.request(EfiLoads.realImage("tiny72-arm64-zstd.zboot")), EfiOptions.DEFAULT);
    RelocationPlan relocation =
        RelocationPlan.of(
            plan.request().machine(), plan.placed(), LoadType.DEFAULT, PageSource.adversarial(3));
    PhysMemory memory = Simulator.load(relocation);
    assertThat(Simulator.execute(relocation, memory).isSuccess()).isTrue();
    EfiOutcome after = EfiSimulator.execute(plan, memory);
    EfiOutcome alone = EfiSimulator.run(plan);
    assertThat(after.isSuccess()).isTrue();
    assertThat(after.events()).isEqualTo(alone.events());
    assertThat(after.kernel()).isEqualTo(alone.kernel());
    assertThat(after.memoryMap()).isEqualTo(alone.memoryMap());
  }

  /** Measured: a stub of v6.1 needs what only a whole firmware has; a later one does not. */
  @ParameterizedTest
  @ValueSource(strings = {"tiny61-arm64-xz.zboot", "tiny61-arm64-lz4.zboot"})
  void minimalServicesAreNotEnoughForTheFirstStub(String name) throws IOException {
    EfiOutcome outcome =
        EfiSimulator.run(
            EfiPlan.of(
                EfiLoads.request(EfiLoads.realImage(name)),
                EfiOptions.DEFAULT.withServices(EfiService.MINIMAL)));
    assertThat(outcome.ending()).isEqualTo(EfiOutcome.Ending.RETURNED);
    assertThat(outcome.returned()).contains(EfiStatus.UNSUPPORTED);
    assertThat(outcome.unsupported()).contains(EfiService.INSTALL_PROTOCOLS);
  }

  @Test
  void minimalServicesAreEnoughForALaterStub() throws IOException {
    EfiOutcome outcome =
        EfiSimulator.run(
            EfiPlan.of(
                EfiLoads.request(EfiLoads.realImage("tiny72-arm64-zstd.zboot")),
                EfiOptions.DEFAULT.withServices(EfiService.MINIMAL)));
    assertThat(outcome.isSuccess()).isTrue();
    assertThat(outcome.unsupported()).contains(EfiService.LOCATE_PROTOCOL);
  }

  @Test
  void theFirstStubIsEnteredAtItsBranchWithTheMmuOff() throws IOException {
    EfiOutcome outcome =
        EfiSimulator.run(
            EfiPlan.of(
                EfiLoads.request(EfiLoads.realImage("tiny61-arm64-lz4.zboot")),
                EfiOptions.DEFAULT));
    PhysRange kernel = outcome.kernel().orElseThrow().range();
    assertThat(outcome.handoff().orElseThrow().mmu()).isFalse();
    assertThat(outcome.handoff().orElseThrow().pc())
        .isGreaterThan(kernel.start() + 4)
        .isLessThan(kernel.end());
    assertThat(EfiLoads.calls(outcome)).contains("LoadImage", "StartImage");
  }
}
