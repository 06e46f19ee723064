package io.github.kexecsim.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.FdtEditor;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.emit.Emission;
import io.github.kexecsim.model.emit.PlanEmitter;
import io.github.kexecsim.sample.Qemu;
import io.github.kexecsim.sample.SampleKernels;
import io.github.kexecsim.sample.SampleMachines;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plans are right when a machine runs them: emitted, and booted by their own script. */
class EmittedPlanBootTest {
  private static final String COMMAND_LINE = "console=ttyAMA0 rdinit=/init planned=\"as asked\"";

  /** A place that the firmware keeps, and one that must not even be mapped. */
  private static final PhysRange LOW_HOLE = PhysRange.ofSize(0x4000_0000L, 48 << 20);

  private static final PhysRange HIGH_HOLE = PhysRange.ofSize(0x7c00_0000L, 32 << 20);

  @TempDir Path directory;

  private static ByteView image(String name) throws IOException {
    Path file = Path.of(System.getProperty("kexecsim.images", "")).resolve(name);
    assumeTrue(
        Files.isReadable(file), "skipped: " + name + " is not in the folder of -Dkexecsim.images");
    return ByteView.of(Files.readAllBytes(file));
  }

  private static Machine machine(Architecture architecture, byte[] deviceTree) {
    return new MachineBuilder(architecture).deviceTree(ByteView.of(deviceTree)).build();
  }

  private static FdtEditor edit(byte[] deviceTree) {
    return FdtEditor.open(FlattenedDeviceTree.parse(ByteView.of(deviceTree)));
  }

  private static FdtEditor withReservedMemory(byte[] deviceTree) {
    return edit(deviceTree)
        .addSubnode("/", "reserved-memory")
        .setU32("/reserved-memory", "#address-cells", 2)
        .setU32("/reserved-memory", "#size-cells", 2)
        .setEmpty("/reserved-memory", "ranges");
  }

  private static void reserve(FdtEditor tree, String name, PhysRange range) {
    tree.addSubnode("/reserved-memory", name)
        .setU64("/reserved-memory/" + name, "reg", range.start(), range.size());
  }

  private static KexecSegment segment(LoadPlan plan, SegmentRole role) {
    return plan.placed().orElseThrow().segments().stream()
        .filter(segment -> segment.role() == role)
        .findFirst()
        .orElseThrow();
  }

  /** Emits, boots, and returns what was on the console. */
  private String boot(LoadPlan plan) throws IOException, InterruptedException {
    assertThat(plan.refusal()).isEmpty();
    Path emitted = directory.resolve("it's, a plan");
    ByteView json = ByteView.of("{}\n".getBytes(StandardCharsets.UTF_8));
    Emission emission = PlanEmitter.emit(plan, json, emitted, false);
    assertThat(emission.notBootable()).isEmpty();
    return Qemu.run(List.of(emitted.resolve("boot.sh").toString()), directory);
  }

  private static LoadRequest request(String image, Machine machine) throws IOException {
    return LoadRequest.of(image(image), machine)
        .withInitrd(image("bootcheck-arm64.cpio.gz"))
        .withCommandLine(COMMAND_LINE);
  }

  /** Boots Linux, and returns its console once it is seen to run where it was planned. */
  private String bootLinux(LoadRequest request, PhysRange kernelWithin)
      throws IOException, InterruptedException {
    LoadPlan plan = KexecFileLoader.load(request);
    String console = boot(plan);
    assertThat(console).contains("BOOT-OK ", "cmdline=" + COMMAND_LINE, "BOOT-END");
    PhysRange kernel = segment(plan, SegmentRole.KERNEL).range();
    assertThat(kernelWithin.contains(kernel)).isTrue();
    assertRunsAt(kernel, iomem(console));
    return console;
  }

  private static Iomem iomem(String console) {
    String listing =
        console
            .lines()
            .map(String::stripTrailing)
            .dropWhile(line -> !line.startsWith("BOOT-OK "))
            .takeWhile(line -> !line.startsWith("BOOT-END"))
            .filter(line -> line.matches(" *[0-9a-f]+-[0-9a-f]+ : .*"))
            .reduce("", (text, line) -> text + line + "\n");
    return Iomem.parse(listing);
  }

  /** The code begins 64 KiB into the image, which begins at a multiple of 2 MiB. */
  private static void assertRunsAt(PhysRange kernel, Iomem iomem) {
    List<PhysRange> code = iomem.named("Kernel code"::equals);
    assertThat(code).hasSize(1);
    assertThat(code.get(0).start() & -(2L << 20)).isEqualTo(kernel.start());
    assertThat(iomem.named(name -> name.startsWith("Kernel ")))
        .hasSize(2)
        .allMatch(kernel::contains);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny72-arm64.Image", "tiny72-arm64-zstd.zboot"})
  void linuxBootsWhereThePlanPutIt(String image) throws IOException, InterruptedException {
    byte[] tree = Qemu.assumeArm64(directory).deviceTree();
    Machine machine = machine(Architecture.ARM64, tree);
    bootLinux(request(image, machine), machine.ranges().get(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny72-arm64.Image", "tiny72-arm64-zstd.zboot"})
  void linuxBootsBetweenReservedHoles(String image) throws IOException, InterruptedException {
    FdtEditor tree = withReservedMemory(Qemu.assumeArm64(directory).deviceTree());
    reserve(tree, "firmware@40000000", LOW_HOLE);
    reserve(tree, "secure@7c000000", HIGH_HOLE);
    tree.setEmpty("/reserved-memory/secure@7c000000", "no-map");
    Machine machine = machine(Architecture.ARM64, tree.pack());
    PhysRange between = new PhysRange(LOW_HOLE.end(), HIGH_HOLE.start());
    String console = bootLinux(request(image, machine), between);
    List<PhysRange> reserved = iomem(console).named("reserved"::equals);
    assertThat(reserved).anyMatch(range -> range.contains(LOW_HOLE));
    assertThat(reserved).anyMatch(range -> range.contains(HIGH_HOLE));
  }

  @Test
  void crashKernelBootsInsideItsRegion() throws IOException, InterruptedException {
    PhysRange region = PhysRange.ofSize(0x6000_0000L, 256 << 20);
    byte[] tree = Qemu.assumeArm64(directory).deviceTree();
    Machine machine = machine(Architecture.ARM64, tree).withCrashRegion(region);
    LoadRequest crash = request("tiny72-arm64.Image", machine).withType(LoadType.CRASH);
    String console = bootLinux(crash, region);
    assertThat(iomem(console).systemRam()).isNotEmpty().allMatch(region::contains);
  }

  @ParameterizedTest
  @CsvSource({"1,gic-version=3", "2,gic-version=2", "2,virtualization=on"})
  void emulatesTheMachineThatTheTreeDescribes(int cpus, String property)
      throws IOException, InterruptedException {
    byte[] tree = Qemu.assumeArm64(directory).with("-M", property, "-smp", "" + cpus).deviceTree();
    Machine machine = machine(Architecture.ARM64, tree);
    bootLinux(request("tiny72-arm64.Image", machine), machine.ranges().get(0));
  }

  @Test
  void arm64SampleBootsOnTheSampleMachine() throws IOException, InterruptedException {
    Qemu.assumeArm64(directory);
    assertSampleBoots(SampleMachines.machine(Architecture.ARM64), "x0");
  }

  @Test
  void riscv64SampleBootsOnTheSampleMachine() throws IOException, InterruptedException {
    Qemu.assumeRiscv64(directory);
    assertSampleBoots(SampleMachines.machine(Architecture.RISCV64), "a1");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void riscv64SampleBootsOnQemusOwnMachine(int cpus) throws IOException, InterruptedException {
    byte[] tree = Qemu.assumeRiscv64(directory).with("-smp", "" + cpus).deviceTree();
    FdtEditor withFirmware = withReservedMemory(tree);
    reserve(withFirmware, "mmode_resv0@80000000", PhysRange.ofSize(0x8000_0000L, 512 << 10));
    assertSampleBoots(machine(Architecture.RISCV64, withFirmware.pack()), "a1");
  }

  private void assertSampleBoots(Machine machine, String treeRegister)
      throws IOException, InterruptedException {
    LoadPlan plan =
        KexecFileLoader.load(
            LoadRequest.of(SampleKernels.zboot(machine.architecture()), machine)
                .withInitrd(ByteView.of(new byte[1 << 16])));
    assertThat(boot(plan))
        .contains(
            String.format("entered at 0x%016x", segment(plan, SegmentRole.KERNEL).mem()),
            String.format("%s = 0x%016x", treeRegister, segment(plan, SegmentRole.DTB).mem()),
            "SAMPLE-OK");
  }
}
