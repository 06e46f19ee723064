package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SampleMachines;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which machine a load is planned for. */
class MachineOptionsTest {
  private static final String IOMEM =
      """
      40000000-7fffffff : System RAM
        40200000-408fffff : Kernel code
      """;
  private static final String MEMORY = "   0: 0x40000000..0x7fffffff    0 NONE\n";
  private static final String RESERVED = "   0: 0x40200000..0x409fffff    0 NONE\n";
  private static final String ZEROS =
      """
      00000000-00000000 : System RAM
        00000000-00000000 : Kernel code
      """;

  @TempDir Path dir;

  @BeforeEach
  void writeFiles() throws Exception {
    write("zboot", TestImages.zboot(TestImages.image(20_000, 0x10000), "gzip"));
    write("machine", TestImages.MACHINE);
    write("iomem", IOMEM);
    write("zeros", ZEROS);
    write("memory", MEMORY);
    write("reserved", RESERVED);
  }

  private void write(String name, byte[] bytes) throws Exception {
    Files.createDirectories(dir.resolve(name).getParent());
    Files.write(dir.resolve(name), bytes);
  }

  private void write(String name, String text) throws Exception {
    write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private Cli on(String hostArchitecture) {
    return new Cli(dir, new Host(dir, Architecture.byName(hostArchitecture)));
  }

  private JsonNode machine(Cli cli, String... options) {
    String[] args = new String[options.length + 3];
    args[0] = "load";
    args[1] = "zboot";
    args[2] = "--json";
    System.arraycopy(options, 0, args, 3, options.length);
    return cli.run(args).succeeds().json().at("/machine");
  }

  @Test
  void iomemAloneIsTheCoarserSource() {
    JsonNode machine = machine(new Cli(dir), "--iomem", "iomem");
    assertThat(machine.at("/memory_walk").asText()).isEqualTo("iomem-estimate");
    assertThat(machine.at("/source").asText()).isEqualTo("from iomem");
    assertThat(machine.at("/notes")).isNotEmpty();
  }

  @Test
  void memblockIsTakenBeforeIomem() {
    JsonNode machine =
        machine(
            new Cli(dir),
            "--iomem=iomem",
            "--memblock-memory=memory",
            "--memblock-reserved=reserved",
            "--kernel-version=6.12.1",
            "--page-size=16K");
    assertThat(machine.at("/memory_walk").asText()).isEqualTo("memblock");
    assertThat(machine.at("/kernel_version").asText()).isEqualTo("6.12");
    assertThat(machine.at("/page_size").asText()).isEqualTo("0x4000");
    assertThat(machine.at("/ranges/0/end").asText()).isEqualTo("0x40200000");
  }

  @Test
  void aBootLogDescribesAMachine() throws Exception {
    write("log", "efi:   0x000040000000-0x00007fffffff [Conventional|   |  |  |  |WB|WT|WC|UC]\n");
    Cli cli = new Cli(dir);
    assertThat(machine(cli, "--boot-log", "log").at("/memory_walk").asText()).isEqualTo("boot-log");
  }

  @Test
  void anUnprivilegedIomemIsRefusedWhereItWasAskedFor() {
    String[] args = {"load", "zboot", "--iomem", "zeros", "--json"};
    Cli.Result result = new Cli(dir).run(args).rejects(Reason.UNPRIVILEGED_IOMEM);
    assertThat(result.json().has("machine")).isFalse();
    assertThat(result.err()).contains("zeros");
  }

  @Test
  void filesThatAreNotWhatTheyOughtToBe() {
    Cli cli = new Cli(dir);
    cli.run("load", "zboot", "--json", "--iomem", "memory").rejects(Reason.BAD_MEMORY_MAP);
    cli.run("load", "zboot", "--json", "--boot-log", "iomem").rejects(Reason.BAD_MEMORY_MAP);
    cli.run("load", "zboot", "--json", "--machine", "iomem").rejects(Reason.BAD_RECORD);
    cli.run("load", "zboot", "--json", "--iomem", "iomem", "--dtb", "iomem")
        .failsWith(ExitStatus.NO);
    cli.run("load", "zboot", "--iomem", "none").failsWith(ExitStatus.FILE);
    cli.run("load", "zboot", "--iomem", "iomem", "--page-size", "5000").failsWith(ExitStatus.NO);
    cli.run("load", "zboot", "--iomem", "iomem", "--kernel-version", "x")
        .failsWith(ExitStatus.USAGE);
  }

  @Test
  void anArchitectureOtherThanTheSectionsIsAMistake() {
    Cli cli = new Cli(dir);
    cli.run("load", "zboot", "--machine", "machine", "--arch", "riscv64")
        .failsWith(ExitStatus.USAGE);
    cli.run("load", "zboot", "--machine", "machine", "--arch", "aarch64").succeeds();
  }

  @Test
  void whatIsSaidInParticularGoesBeforeWhatIsKnown() {
    JsonNode machine =
        machine(
            new Cli(dir),
            "--machine=machine",
            "--kernel-version=6.1",
            "--page-size=64K",
            "--crashkernel=16M@0x41000000");
    assertThat(machine.at("/kernel_version").asText()).isEqualTo("6.1");
    assertThat(machine.at("/page_size").asText()).isEqualTo("0x10000");
    assertThat(machine.at("/crash_region/start").asText()).isEqualTo("0x41000000");
    assertThat(machine.at("/crash_region/end").asText()).isEqualTo("0x42000000");
    assertThat(machine.at("/ranges").findValuesAsText("start"))
        .containsExactly("0x40400000", "0x42000000");
    assertThat(machine.at("/source").asText())
        .isEqualTo("from machine, but for --kernel-version and --page-size and --crashkernel");
  }

  @Test
  void aCrashKernelIsPlannedIntoTheRegionThatIsSaid() {
    JsonNode plan =
        new Cli(dir)
            .run(
                "load",
                "zboot",
                "--machine=machine",
                "--crashkernel=16M@0x41000000",
                "-p",
                "--json")
            .succeeds()
            .json();
    assertThat(plan.at("/segments"))
        .allSatisfy(
            segment ->
                assertThat(Long.decode(segment.get("mem").asText()))
                    .isBetween(0x4100_0000L, 0x41ff_ffffL));
  }

  @Test
  void cpusMakeTheHeaderOfACrashDumpLonger() {
    String[] few = {"load", "--load-panic", "--json", "--cpus=2"};
    String[] many = {"load", "--load-panic", "--json", "--cpus=2000"};
    // A program header each; the whole is rounded up to a page.
    long grown = elfCoreHeaderSize(many) - elfCoreHeaderSize(few);
    assertThat(grown).isBetween(1998 * 56 - 4095L, 1998 * 56 + 4095L);
  }

  private long elfCoreHeaderSize(String[] args) {
    for (JsonNode segment : new Cli(dir).run(args).succeeds().json().at("/segments")) {
      if (segment.get("role").asText().equals("elfcorehdr")) {
        return Long.decode(segment.get("bufsz").asText());
      }
    }
    throw new AssertionError("no elfcorehdr");
  }

  @Test
  void aDeviceTreeGoesWithASectionButNoSecondMapOfMemory() throws Exception {
    byte[] tree =
        SampleMachines.machine(Architecture.ARM64).deviceTree().orElseThrow().blob().toByteArray();
    write("dtb", tree);
    JsonNode machine = machine(new Cli(dir), "--machine=machine", "--dtb=dtb");
    assertThat(machine.at("/source").asText()).isEqualTo("from machine, dtb");
    assertThat(machine.at("/memory_walk").asText()).isEqualTo("memblock");
    assertThat(machine.at("/notes").toString()).doesNotContain("device tree");
    new Cli(dir)
        .run("load", "zboot", "--machine", "machine", "--iomem", "iomem")
        .failsWith(ExitStatus.USAGE);
  }

  @Test
  void sampleAndThisMachineAreChangedByOptionsToo() throws Exception {
    JsonNode sample = machine(new Cli(dir), "--kernel-version=6.12");
    assertThat(sample.at("/kernel_version").asText()).isEqualTo("6.12");
    assertThat(sample.at("/source").asText()).isEqualTo("built in, but for --kernel-version");
    write("proc/iomem", IOMEM);
    JsonNode here = machine(on("aarch64"), "--page-size=16K");
    assertThat(here.at("/page_size").asText()).isEqualTo("0x4000");
    assertThat(here.at("/source").asText())
        .isEqualTo("from its own /proc and /sys, but for --page-size");
  }

  @Test
  void thisMachineIsTakenWhereItCanBeRead() throws Exception {
    write("proc/iomem", IOMEM);
    write("proc/cmdline", "quiet movable_node\n");
    write("proc/sys/kernel/osrelease", "6.12.107+deb13-arm64\n");
    write("sys/devices/system/cpu/possible", "0-3,8\n");
    ByteBuffer auxv = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
    auxv.putLong(3).putLong(0x400040).putLong(6).putLong(65536).putLong(0).putLong(0);
    write("proc/self/auxv", auxv.array());
    JsonNode machine = machine(on("aarch64"));
    assertThat(machine.at("/name").asText()).isEqualTo("this machine");
    assertThat(machine.at("/kernel_version").asText()).isEqualTo("6.12");
    assertThat(machine.at("/page_size").asText()).isEqualTo("0x10000");
    assertThat(machine.at("/memory_walk").asText()).isEqualTo("iomem-estimate");

    write("sys/kernel/debug/memblock/memory", MEMORY);
    write("sys/kernel/debug/memblock/reserved", RESERVED);
    assertThat(machine(on("aarch64")).at("/memory_walk").asText()).isEqualTo("memblock");
  }

  @Test
  void elseTheSampleMachineAndTheOutputSaysWhy() throws Exception {
    assertThat(machine(on("amd64")).at("/source").asText()).contains("built in", "x86_64");
    assertThat(machine(on("aarch64")).at("/source").asText())
        .contains("built in", "cannot be read");
    write("proc/iomem", ZEROS);
    assertThat(machine(on("aarch64")).at("/source").asText())
        .contains("built in", "cannot be read");
    assertThat(machine(new Cli(dir)).at("/source").asText()).isEqualTo("built in");
  }

  @Test
  void theSampleImageGoesOnASampleMachineWhateverThisOneIs() throws Exception {
    write("proc/iomem", IOMEM);
    JsonNode machine = on("aarch64").run("load", "--json").succeeds().json().at("/machine");
    assertThat(machine.at("/source").asText()).isEqualTo("built in");
  }

  @Test
  void everyArchitectureHasASampleMachine() {
    for (Architecture architecture : Architecture.values()) {
      JsonNode plan =
          new Cli(dir).run("load", "zboot", "--json", "--arch", architecture.label()).json();
      assertThat(plan.at("/machine/arch").asText()).isEqualTo(architecture.label());
      assertThat(plan.at("/machine/ranges")).isNotEmpty();
    }
  }

  @Test
  void whereNothingTellsTheArchitectureTheHostDoes() throws Exception {
    write("text", "no kernel\n");
    Cli cli = new Cli(dir, new Host(dir, Optional.of(Architecture.RISCV64)));
    Cli.Result result = cli.run("load", "text", "--json").failsWith(ExitStatus.NO);
    assertThat(result.json().at("/machine/arch").asText()).isEqualTo("riscv64");
  }
}
