package io.github.kexecsim.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.cli.Main;
import io.github.kexecsim.sample.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands in docs/boot-proof.md do what it says, as they stand there. */
class BootProofDocumentTest {
  private static final Path DOCUMENT = Path.of("..", "docs", "boot-proof.md");

  @TempDir Path directory;

  /** The launcher of a source tree, without its build. */
  @BeforeEach
  void writeLauncher() throws IOException {
    Path launcher = directory.resolve("kexec-sim/bin/kexec-sim");
    Files.createDirectories(launcher.getParent());
    Files.writeString(
        launcher,
        String.format(
            "#!/bin/sh\nexec '%s' -cp '%s' %s \"$@\"\n",
            Path.of(System.getProperty("java.home"), "bin", "java"),
            System.getProperty("java.class.path"),
            Main.class.getName()));
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void provide(String image, String name) throws IOException {
    Path file = Path.of(System.getProperty("kexecsim.images", "")).resolve(image);
    assumeTrue(
        Files.isReadable(file), "skipped: " + image + " is not in the folder of -Dkexecsim.images");
    Files.copy(file, directory.resolve(name));
  }

  /** The commands below a heading. */
  private static String commands(String heading) throws IOException {
    Pattern block =
        Pattern.compile(
            "^## " + heading + "$.*?^```sh$(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
    Matcher matcher = block.matcher(Files.readString(DOCUMENT));
    assertThat(matcher.find()).as(heading).isTrue();
    return matcher.group(1);
  }

  private String run(String commands) throws IOException, InterruptedException {
    String script = "set -e\ncd \"$0\"\n" + commands;
    return Qemu.run(List.of("/bin/sh", "-c", script, directory.toString()), directory);
  }

  @Test
  void arm64() throws IOException, InterruptedException {
    Qemu.assumeArm64(directory);
    provide("tiny72-arm64-zstd.zboot", "vmlinuz.efi");
    provide("bootcheck-arm64.cpio.gz", "initrd.cpio.gz");
    assertThat(run(commands("arm64")))
        .contains("loadable: ", "BOOT-OK ", "cmdline=console=ttyAMA0 rdinit=/init", "BOOT-END");
  }

  @Test
  void riscv64() throws IOException, InterruptedException {
    Qemu.assumeRiscv64(directory);
    assertThat(run(commands("riscv64"))).contains("loadable: ", "SAMPLE-OK");
  }
}
