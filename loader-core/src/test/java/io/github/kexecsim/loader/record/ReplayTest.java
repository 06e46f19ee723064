package io.github.kexecsim.loader.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every load that a real kernel was recorded answering is planned identically. */
class ReplayTest {
  private static final Path RECORDINGS =
      Path.of(System.getProperty("kexecsim.recordedLoads", "absent"));

  @TestFactory
  Stream<DynamicTest> everyRecordedLoadIsIdentical() throws IOException {
    assumeTrue(Files.isDirectory(RECORDINGS), "skipped: no recorded loads beside the checkout");
    try (Stream<Path> files = Files.list(RECORDINGS)) {
      List<Path> recordings =
          files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      assertThat(recordings).isNotEmpty();
      return recordings.stream()
          .flatMap(ReplayTest::comparisons)
          .map(
              comparison ->
                  DynamicTest.dynamicTest(
                      comparison.recording() + " " + comparison.load(),
                      () -> assertThat(comparison.differences()).isEmpty()));
    }
  }

  private static Stream<Replay.Comparison> comparisons(Path file) {
    try {
      return Replay.of(RecordedLoads.parse(Files.readString(file))).stream();
    } catch (IOException e) {
      throw new AssertionError(file + " cannot be read", e);
    }
  }
}
