package io.github.kexecsim.model.emit;

import static io.github.kexecsim.model.emit.Plans.ARM64_RAM;
import static io.github.kexecsim.model.emit.Plans.GIB;
import static io.github.kexecsim.model.emit.Plans.RISCV64_RAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.image.ElfImage;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootScriptTest {
  private static final long RISCV64_KERNEL = RISCV64_RAM + 0x20_0000;
  private static final long RISCV64_TREE = RISCV64_RAM + GIB - 0x2000;

  @TempDir Path temporary;

  private static BootScript script(LoadPlan plan) {
    PlacedLoad load = plan.placed().orElseThrow();
    return BootScript.of(plan.request().machine(), load, SegmentFile.of(load.segments()));
  }

  private static void assertRefused(LoadPlan plan, Reason reason) {
    BootScript script = script(plan);
    assertThat(script.notBootable()).get().extracting(Refusal::reason).isEqualTo(reason);
    assertThat(script.handoff()).isEmpty();
  }

  /** The script's output, with {@code echo} for QEMU. */
  private String run(String text, int status, String... arguments)
      throws IOException, InterruptedException {
    Path folder = Files.createDirectories(temporary.resolve("-it's \"here\", $HOME"));
    Path script = Files.writeString(folder.resolve("boot.sh"), text);
    Path output = temporary.resolve("output");
    List<String> command = new ArrayList<>(List.of("sh", script.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("QEMU", "echo");
    builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    Process process = builder.start();
    try {
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).isEqualTo(status);
      return Files.readString(output);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void arm64HandsQemuEverySegment() throws IOException, InterruptedException {
    BootScript script = script(Plans.arm64(Plans.tree(ARM64_RAM, GIB).build()));
    assertThat(run(script.text(), 0, "-s", "two words"))
        .isEqualTo(
            "-M virt -cpu cortex-a57 -smp 1 -m 1024M -nographic -nic none -no-reboot"
                + " -device loader,file=kernel.bin,addr=0x40000000,force-raw=on"
                + " -device loader,file=initrd.bin,addr=0x40003000,force-raw=on"
                + " -device loader,file=dtb.dtb,addr=0x40200000,force-raw=on"
                + " -kernel handoff.elf -s two words\n");
  }

  @Test
  void riscv64LeavesOutThePurgatory() throws IOException, InterruptedException {
    BootScript script = script(Plans.riscv64(RISCV64_KERNEL, RISCV64_TREE));
    assertThat(script.text()).contains("purgatory at [0xa0000000-0xa0002fff]");
    assertThat(run(script.text(), 0))
        .isEqualTo(
            "-M virt -bios default -smp 1 -m 1024M -nographic -nic none -no-reboot"
                + " -device loader,file=kernel.bin,addr=0x80200000,force-raw=on"
                + " -device loader,file=dtb.dtb,addr=0xbfffe000,force-raw=on"
                + " -kernel handoff.elf\n");
  }

  @Test
  void saysWhyNothingIsBooted() throws IOException, InterruptedException {
    BootScript script =
        script(
            Plans.of(
                Plans.machine(Architecture.X86_64, 0), Plans.segment(SegmentRole.STACK, 0, 4096)));
    assertThat(run(script.text(), 1)).contains(script.notBootable().orElseThrow().message());
  }

  @Test
  void machineIsTheOneOfTheTree() {
    FdtBuilder tree =
        Plans.tree(ARM64_RAM, GIB + 5)
            .beginNode("psci")
            .string("method", "smc")
            .endNode()
            .beginNode("intc@8000000")
            .string("compatible", "arm,gic-v3")
            .endNode()
            .beginNode("cpus");
    for (int i = 0; i < 3; i++) {
      tree.beginNode("cpu@" + i).string("device_type", "cpu").endNode();
    }
    byte[] blob = tree.beginNode("cpu-map").endNode().endNode().build();
    assertThat(script(Plans.arm64(blob, Plans.PAGES_16K)).text())
        .contains("-M virt,gic-version=3,virtualization=on \\\n")
        .contains("-cpu max,pauth-impdef=on \\\n")
        .contains("-smp 3 \\\n")
        .contains("-m 1026M \\\n");
  }

  @Test
  void memoryThatBeginsElsewhereIsNoMachineOfQemus() {
    assertRefused(Plans.arm64(Plans.tree(0x8000_0000L, GIB).build()), Reason.NOT_EMULATED);
  }

  @Test
  void treeWithoutMemoryIsNoMachineOfQemus() {
    byte[] tree = new FdtBuilder().u32("#address-cells", 2).u32("#size-cells", 2).build();
    assertRefused(Plans.arm64(tree), Reason.NOT_EMULATED);
  }

  @Test
  void segmentOutsideTheMemoryOfTheTreeIsNoMachineOfQemus() {
    assertRefused(Plans.arm64(Plans.tree(ARM64_RAM, 2 << 20).build()), Reason.NOT_EMULATED);
  }

  @Test
  void treeThatIsNoneIsRefused() {
    assertRefused(Plans.arm64(new byte[64]), Reason.BAD_DEVICE_TREE);
  }

  @Test
  void unknownBytesAreRefused() {
    LoadPlan plan =
        Plans.of(
            Plans.machine(Architecture.RISCV64, RISCV64_RAM),
            Plans.unknown(SegmentRole.INITRD, RISCV64_RAM + 0x40_0000));
    assertRefused(plan, Reason.NOT_EMULATED);
  }

  @ParameterizedTest
  @CsvSource({
    "0x80000000, 0xbfffe000", // OpenSBI
    "0x8007f000, 0xbfffe000", // its last page
    "0x80200000, 0xbfdff000", // its device tree
    "0x80200000, 0xbfeff000"
  })
  void whatMeetsOpenSbiIsRefused(String kernel, String dtb) {
    assertRefused(Plans.riscv64(Long.decode(kernel), Long.decode(dtb)), Reason.NOT_EMULATED);
  }

  @ParameterizedTest
  @CsvSource({"0x80081000, 0xbfdfe000", "0x80200000, 0xbff00000"})
  void whatIsBesideOpenSbiIsNot(String kernel, String dtb) {
    LoadPlan plan = Plans.riscv64(Long.decode(kernel), Long.decode(dtb));
    assertThat(script(plan).notBootable()).isEmpty();
  }

  @Test
  void arm64HandoffIsAnExecutableThatBeginsAtTheStub() {
    ByteView elf = script(Plans.arm64(Plans.tree(ARM64_RAM, GIB).build())).handoff().orElseThrow();
    long stub = ARM64_RAM + 0x2000; // behind the kernel
    assertThat(ElfImage.parse(elf)).isEqualTo(new ElfImage(true, false, 2, 183, stub));
  }

  @Test
  void riscv64HandoffIsAnExecutableThatBeginsAtTheStub() {
    ByteView elf = script(Plans.riscv64(RISCV64_KERNEL, RISCV64_TREE)).handoff().orElseThrow();
    long stub = RISCV64_RAM + 0x8_0000; // behind the firmware
    assertThat(ElfImage.parse(elf)).isEqualTo(new ElfImage(true, false, 2, 243, stub));
  }
}
