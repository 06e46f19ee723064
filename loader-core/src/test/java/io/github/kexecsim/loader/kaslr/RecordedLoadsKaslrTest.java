package io.github.kexecsim.loader.kaslr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.PlacementRequest;
import io.github.kexecsim.loader.record.RecordedLoad;
import io.github.kexecsim.loader.record.RecordedLoads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Loads that real kernels accepted are good with KASLR, where kernels do not move in memory. */
class RecordedLoadsKaslrTest {
  private static final Path RECORDINGS =
      Path.of(System.getProperty("kexecsim.recordedLoads", "absent"));

  @TestFactory
  Stream<DynamicTest> nothingIsHit() throws IOException {
    assumeTrue(Files.isDirectory(RECORDINGS), "skipped: no recorded loads beside the checkout");
    try (Stream<Path> files = Files.list(RECORDINGS)) {
      List<RecordedLoads> recordings =
          files
              .filter(file -> file.toString().endsWith(".json"))
              .sorted()
              .map(RecordedLoadsKaslrTest::read)
              .filter(recording -> recording.machine().architecture() != Architecture.X86_64)
              .toList();
      assertThat(recordings).isNotEmpty();
      return recordings.stream().flatMap(RecordedLoadsKaslrTest::tests);
    }
  }

  private static RecordedLoads read(Path file) {
    try {
      return RecordedLoads.parse(Files.readString(file));
    } catch (IOException e) {
      throw new AssertionError(file + " cannot be read", e);
    }
  }

  private static Stream<DynamicTest> tests(RecordedLoads recording) {
    return recording.loads().stream()
        .filter(load -> load.result().equals(RecordedLoad.OK))
        .map(
            load ->
                DynamicTest.dynamicTest(
                    recording.name() + " " + load.name(), () -> check(recording, load)));
  }

  private static void check(RecordedLoads recording, RecordedLoad load) {
    PlacedLoad placed =
        Placement.of(recording.machine().architecture())
            .place(
                new PlacementRequest(
                    recording.machine(),
                    recording.kernels().get(load.kernel()),
                    load.initrdSize().stream().mapToObj(FileContent::ofSize).findFirst(),
                    load.commandLine(),
                    load.type(),
                    0));

    Optional<KaslrOutlook> outlook = NextKernel.of(placed, recording.machine()).outlook();

    assertThat(outlook).isPresent();
    assertThat(outlook.get().isSafeOnlyWithoutKaslr()).isFalse();
    assertThat(outlook.get().physical().chosen()).hasValue(placed.segments().get(0).mem());
    assertThat(outlook.get().virtual().chosen()).isPresent();
  }
}
