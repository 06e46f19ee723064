package io.github.kexecsim.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A machine that QEMU emulates, run until it powers itself off. */
final class Qemu {
  private static final long TIMEOUT_SECONDS = 60;

  private final List<String> command;
  private final Path console;

  private Qemu(List<String> command, Path console) {
    this.command = command;
    this.console = console;
  }

  static Qemu assumeArm64(Path directory) {
    return assume("qemu-system-aarch64", "qemu-system-arm", "-cpu", "cortex-a57").in(directory);
  }

  static Qemu assumeRiscv64(Path directory) {
    return assume("qemu-system-riscv64", "qemu-system-misc").in(directory);
  }

  /** Skips the test where the emulator is missing. */
  private static Qemu assume(String emulator, String debianPackage, String... cpu) {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, emulator))),
        "skipped: " + emulator + " is not installed (Debian package " + debianPackage + ")");
    List<String> command = new ArrayList<>(List.of(emulator, "-M", "virt", "-m", "1024"));
    command.addAll(List.of("-nographic", "-nic", "none", "-no-reboot"));
    command.addAll(List.of(cpu));
    return new Qemu(command, Path.of("console"));
  }

  private Qemu in(Path directory) {
    return new Qemu(command, directory.resolve(console));
  }

  /** Puts a file into memory as it is. */
  Qemu load(Path file, long address) {
    return with("-device", String.format("loader,file=%s,addr=0x%x,force-raw=on", file, address));
  }

  /** Starts the first CPU at an address. */
  Qemu startAt(long address) {
    return with("-device", String.format("loader,addr=0x%x,cpu-num=0", address));
  }

  Qemu with(String... options) {
    List<String> longer = new ArrayList<>(command);
    longer.addAll(List.of(options));
    return new Qemu(longer, console);
  }

  /** What the machine wrote on its console until it was off. */
  String run() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .redirectOutput(console.toFile())
            .start();
    try {
      boolean off = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      String text = Files.readString(console, StandardCharsets.ISO_8859_1);
      assertThat(off).as(() -> "powered off; its console: " + text).isTrue();
      return text;
    } finally {
      process.destroyForcibly();
    }
  }
}
