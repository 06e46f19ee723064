package io.github.kexecsim.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** UKIs as recipes from before ukify make them: systemd's own stub, a Debian kernel, objcopy. */
class ObjcopyUkiTest {
  private static final Path STUB = Path.of("/usr/lib/systemd/boot/efi/linuxx64.efi.stub");
  private static final String COMMAND_LINE = "root=/dev/sda1 quiet";
  private static final byte[] INITRD = new byte[300_001];

  @TempDir Path folder;

  private static byte[] kernel() throws IOException {
    String name = System.getProperty("kexecsim.images", "");
    Path file = Path.of(name, "deb612-cloud-amd64.bzImage");
    assumeTrue(
        !name.isEmpty() && Files.isRegularFile(file),
        "skipped: kexecsim.images names no folder with deb612-cloud-amd64.bzImage");
    return Files.readAllBytes(file);
  }

  private ByteView uki(byte[] kernel, long initrdAddress) throws Exception {
    assumeTrue(Files.isRegularFile(STUB), "skipped: " + STUB + " is not installed");
    boolean found =
        Pattern.compile(File.pathSeparator, Pattern.LITERAL)
            .splitAsStream(System.getenv().getOrDefault("PATH", ""))
            .anyMatch(entry -> Files.isExecutable(Path.of(entry, "objcopy")));
    assumeTrue(found, "skipped: objcopy is not installed");
    List<String> command = new ArrayList<>(List.of("objcopy"));
    add(
        command,
        ".osrel",
        0x20000,
        "ID=debian\nPRETTY_NAME=\"Debian 12\"\n".getBytes(StandardCharsets.US_ASCII));
    add(command, ".cmdline", 0x30000, COMMAND_LINE.getBytes(StandardCharsets.US_ASCII));
    add(command, ".linux", 0x2000000, kernel);
    add(command, ".initrd", initrdAddress, INITRD);
    Path output = folder.resolve("uki.efi");
    command.addAll(List.of(STUB.toString(), output.toString()));
    Process objcopy = new ProcessBuilder(command).inheritIO().start();
    assertThat(objcopy.waitFor()).isZero();
    return ByteView.of(Files.readAllBytes(output));
  }

  private void add(List<String> command, String name, long address, byte[] bytes)
      throws IOException {
    Path file = Files.write(folder.resolve(name.substring(1)), bytes);
    command.addAll(
        List.of(
            "--add-section",
            name + "=" + file,
            "--change-section-vma",
            name + "=0x" + Long.toHexString(address)));
  }

  private static List<Finding> findings(ByteView file) {
    List<Layer> layers = new ArrayList<>();
    Layers.walk(
        file,
        Limits.DEFAULT,
        layer -> {
          layers.add(layer);
          return false;
        });
    return layers.get(0).findings();
  }

  private static Finding finding(ByteView file, Flaw flaw) {
    return findings(file).stream()
        .filter(found -> found.flaw() == flaw)
        .findFirst()
        .orElseThrow(() -> new AssertionError(flaw + " was not found"));
  }

  @Test
  void theOldAddressesAreTooCloseForALargeKernel() throws Exception {
    ByteView file = uki(Arrays.copyOf(kernel(), 48 << 20), 0x3000000);
    Finding slot = finding(file, Flaw.KERNEL_LARGER_THAN_SLOT);
    assertThat(slot.message()).contains("0x2000000 to 0x4ffffff", "0x3000000");
    assertThat(finding(file, Flaw.SECTIONS_OVERLAP).message()).contains(".initrd", ".linux");
  }

  /** systemd-stub 252 copies a kernel of 6.12, so that it is no defect here. */
  @Test
  void theOldAddressesLeaveLittleRoomForThisOne() throws Exception {
    Finding room = finding(uki(kernel(), 0x3000000), Flaw.LITTLE_ROOM_BEHIND_KERNEL);
    assertThat(room.isDefect()).isFalse();
    assertThat(room.remedy()).contains("0x59e2000");
  }

  @Test
  void withRoomEnoughNothingIsFoundOfTheUki() throws Exception {
    assertThat(findings(uki(kernel(), 0x59e2000)))
        .extracting(Finding::flaw)
        .doesNotContain(
            Flaw.LITTLE_ROOM_BEHIND_KERNEL,
            Flaw.NO_ROOM_TO_DECOMPRESS,
            Flaw.KERNEL_LARGER_THAN_SLOT,
            Flaw.VIRTUAL_SIZE_BEYOND_DATA,
            Flaw.NUL_IN_TEXT,
            Flaw.SECTIONS_OVERLAP);
  }

  @Test
  void itLoadsAsItsKernelDoesWithTheSameFiles() throws Exception {
    byte[] kernel = kernel();
    Machine machine =
        new MachineBuilder(Architecture.X86_64)
            .iomem(Iomem.parse("00100000-7fffffff : System RAM\n"))
            .build();
    LoadPlan uki = KexecFileLoader.load(LoadRequest.of(uki(kernel, 0x6000000), machine));
    LoadPlan alone =
        KexecFileLoader.load(
            LoadRequest.of(ByteView.of(kernel), machine)
                .withInitrd(ByteView.of(INITRD))
                .withCommandLine(COMMAND_LINE));
    assertThat(uki.placed().orElseThrow().segments())
        .isEqualTo(alone.placed().orElseThrow().segments());
    Optional<ByteView> initrd =
        uki.placed().orElseThrow().segments().stream()
            .filter(segment -> segment.role() == SegmentRole.INITRD)
            .findFirst()
            .flatMap(KexecSegment::content);
    assertThat(initrd).contains(ByteView.of(INITRD));
    assertThat(uki.composition().orElseThrow().osName()).contains("Debian 12");
  }
}
