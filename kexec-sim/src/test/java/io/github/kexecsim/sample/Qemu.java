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
public final class Qemu {
  /** Set where the emulators must be there, so that no test is skipped for want of them. */
  private static final String REQUIRED = "KEXECSIM_REQUIRE_QEMU";

  private static final long TIMEOUT_SECONDS = 120;

  private final List<String> command;
  private final Path directory;

  private Qemu(List<String> command, Path directory) {
    this.command = command;
    this.directory = directory;
  }

  public static Qemu assumeArm64(Path directory) {
    assumeInstalled("qemu-system-aarch64", "qemu-system-arm");
    return virt(directory, "qemu-system-aarch64", "-cpu", "cortex-a57");
  }

  public static Qemu assumeRiscv64(Path directory) {
    assumeInstalled("qemu-system-riscv64", "qemu-system-misc");
    return virt(directory, "qemu-system-riscv64");
  }

  /** Skips the test where the emulator is missing, or fails it where it must not be. */
  private static void assumeInstalled(String emulator, String debianPackage) {
    boolean installed =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, emulator)));
    String missing = emulator + " is not installed (Debian package " + debianPackage + ")";
    if (System.getenv(REQUIRED) != null) {
      assertThat(installed).as(missing + ", and " + REQUIRED + " is set").isTrue();
    }
    assumeTrue(installed, "skipped: " + missing);
  }

  private static Qemu virt(Path directory, String emulator, String... cpu) {
    List<String> command = new ArrayList<>(List.of(emulator, "-M", "virt", "-m", "1024"));
    command.addAll(List.of("-nographic", "-nic", "none", "-no-reboot"));
    command.addAll(List.of(cpu));
    return new Qemu(command, directory);
  }

  /** Puts a file into memory as it is. */
  Qemu load(Path file, long address) {
    return with("-device", String.format("loader,file=%s,addr=0x%x,force-raw=on", file, address));
  }

  /** Starts the first CPU at an address. */
  Qemu startAt(long address) {
    return with("-device", String.format("loader,addr=0x%x,cpu-num=0", address));
  }

  public Qemu with(String... options) {
    List<String> longer = new ArrayList<>(command);
    longer.addAll(List.of(options));
    return new Qemu(longer, directory);
  }

  /** The machine's own device tree. */
  public byte[] deviceTree() throws IOException, InterruptedException {
    Path blob = directory.resolve("dumped.dtb");
    String console = with("-M", "dumpdtb=" + blob).run();
    assertThat(blob).as(console).exists();
    return Files.readAllBytes(blob);
  }

  /** What the machine wrote on its console until it was off. */
  public String run() throws IOException, InterruptedException {
    return run(command, directory);
  }

  /** What the machine that a script starts wrote on its console until it was off. */
  public static String run(List<String> command, Path directory)
      throws IOException, InterruptedException {
    Path console = Files.createTempFile(directory, "console", ".txt");
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
