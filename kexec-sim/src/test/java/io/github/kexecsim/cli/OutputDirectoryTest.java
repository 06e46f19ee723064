package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code --emit} writes stays where it belongs. */
class OutputDirectoryTest {
  /** Where a name that was used as a path would lead, and where one that a shell ran would. */
  private static final String EVIL = "../../evil$(touch evil);touch evil";

  @TempDir Path temporary;
  private Path dir;
  private Cli cli;

  @BeforeEach
  void makeCli() throws Exception {
    dir = Files.createDirectories(temporary.resolve("a/b"));
    cli = new Cli(dir);
  }

  private static List<String> names(Path directory) throws Exception {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.map(file -> directory.relativize(file).toString()).sorted().toList();
    }
  }

  private void emit(String image, byte[] bytes, String machine) throws Exception {
    TestImages.write(dir, image, bytes);
    TestImages.write(dir, "machine", machine.getBytes(StandardCharsets.UTF_8));
    cli.run("load", image, "--machine", "machine", "--append", EVIL, "--emit", "out").succeeds();
  }

  @Test
  void noNameInAnImageOrAMachineLeadsOutOfIt() throws Exception {
    byte[] raw = TestImages.image(20_000, 0x10000);
    emit(
        "image",
        TestImages.zboot(raw, "xz"),
        TestImages.MACHINE.replaceFirst("\\{", "{\"name\": \"" + EVIL.replace("$", "\\$") + "\","));
    assertThat(names(temporary))
        .containsExactly(
            "",
            "a",
            "a/b",
            "a/b/image",
            "a/b/machine",
            "a/b/out",
            "a/b/out/boot.sh",
            "a/b/out/dtb.dtb",
            "a/b/out/kernel.bin",
            "a/b/out/plan.json");
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "skipped: no /bin/sh here");
    List<String> before = names(temporary);
    new ProcessBuilder("/bin/sh", "out/boot.sh")
        .directory(dir.toFile())
        .redirectErrorStream(true)
        .start()
        .getInputStream()
        .readAllBytes();
    assertThat(names(temporary)).isEqualTo(before);
  }

  @Test
  void placesThatAreNoDirectory() throws Exception {
    Files.writeString(dir.resolve("file"), "mine");
    Files.createSymbolicLink(dir.resolve("loop"), Path.of("loop"));
    List<String> before = names(temporary);
    cli.run("load", "--emit", "").failsWith(ExitStatus.USAGE);
    cli.run("load", "--emit", "file", "--force").failsWith(ExitStatus.FILE);
    cli.run("load", "--emit", "file/out").failsWith(ExitStatus.FILE);
    cli.run("load", "--emit", "loop").failsWith(ExitStatus.FILE);
    cli.run("load", "--emit", "/dev/null", "--force").failsWith(ExitStatus.FILE);
    cli.run("load", "--emit", "nul\0").failsWith(ExitStatus.FILE);
    assertThat(names(temporary)).isEqualTo(before);
  }
}
