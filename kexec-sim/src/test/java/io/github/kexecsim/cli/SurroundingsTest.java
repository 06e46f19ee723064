package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same input gives the same bytes, whatever language, charset, time or Java it is run in. */
class SurroundingsTest {
  /** Where i has a dot as a capital, and text is two bytes a character. */
  private static final String TURKISH =
      "-Duser.language=tr -Duser.country=TR -Duser.timezone=Pacific/Kiritimati"
          + " -Dfile.encoding=UTF-16 -Dstdout.encoding=UTF-16 -Dstderr.encoding=UTF-16";

  /** Where digits are others and numbers have other signs, and text is four bytes a character. */
  private static final String ARABIC =
      "-Duser.language=ar -Duser.country=SA -Duser.extensions=u-nu-arab -Duser.timezone=Asia/Riyadh"
          + " -Dfile.encoding=UTF-32BE -Dstdout.encoding=UTF-32BE -Dstderr.encoding=UTF-32BE";

  /** Where digits and the calendar are others. */
  private static final String THAI =
      "-Duser.language=th -Duser.country=TH -Duser.variant=TH -Duser.timezone=Asia/Kathmandu"
          + " -Dfile.encoding=TIS-620 -Dstdout.encoding=TIS-620 -Dstderr.encoding=TIS-620";

  @TempDir Path dir;

  @BeforeEach
  void writeFiles() throws Exception {
    Transcript.prepare(dir);
  }

  @ParameterizedTest
  @ValueSource(strings = {TURKISH, ARABIC})
  void anotherLanguageCharsetAndTime(String options) throws Exception {
    assertSame(run(thisJava(), options, Transcript.class, dir.toString()), Transcript.of(dir));
  }

  @Test
  void anotherJava() throws Exception {
    Optional<Path> java = otherJava();
    assumeTrue(java.isPresent(), "skipped: no other JDK stands beside this one");
    assertSame(run(java.get(), THAI, Transcript.class, dir.toString()), Transcript.of(dir));
  }

  @Test
  void theProcessItselfWritesTheSameJson() throws Exception {
    TestImages.write(dir, "machine", TestImages.MACHINE.getBytes(StandardCharsets.UTF_8));
    String[] load = {"load", dir.resolve("zboot").toString(), "--json", "--machine", "machine"};
    load[4] = dir.resolve("machine").toString();
    assertSame(run(thisJava(), TURKISH, Main.class, load), new Cli(dir).run(load).bytes());
  }

  /** As text, so that a difference is shown as a line. */
  private static void assertSame(byte[] there, byte[] here) {
    assertThat(new String(there, StandardCharsets.ISO_8859_1))
        .isEqualTo(new String(here, StandardCharsets.ISO_8859_1));
  }

  /** What a program writes in a process of its own, in the poorest locale of its system. */
  private byte[] run(Path java, String options, Class<?> program, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    Collections.addAll(command, options.split(" "));
    Collections.addAll(command, "-cp", System.getProperty("java.class.path"), program.getName());
    Collections.addAll(command, arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("LC_ALL", "C");
    builder.redirectError(dir.resolve("err").toFile());
    Process process = builder.start();
    byte[] output = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).as(() -> "status; " + read(dir.resolve("err"))).isZero();
    return output;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static Path home() {
    return Path.of(System.getProperty("java.home"));
  }

  private static Path thisJava() {
    return home().resolve("bin/java");
  }

  /** The JDK of another feature release that is installed beside this one, the newest. */
  private static Optional<Path> otherJava() throws IOException {
    try (Stream<Path> homes = Files.list(home().toRealPath().getParent())) {
      return homes
          .filter(home -> feature(home) >= 17 && feature(home) != Runtime.version().feature())
          .max(Comparator.comparingInt(SurroundingsTest::feature))
          .map(home -> home.resolve("bin/java"));
    }
  }

  /** The feature release of a JDK, or 0 where there is none. */
  private static int feature(Path home) {
    if (!Files.isExecutable(home.resolve("bin/java"))) {
      return 0;
    }
    return read(home.resolve("release"))
        .lines()
        .filter(line -> line.startsWith("JAVA_VERSION="))
        .map(line -> Runtime.Version.parse(line.replaceAll(".*=|\"", "")).feature())
        .findFirst()
        .orElse(0);
  }
}
