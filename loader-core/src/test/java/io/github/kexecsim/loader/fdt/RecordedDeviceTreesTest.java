package io.github.kexecsim.loader.fdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.kexecsim.loader.bytes.ByteView;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The device trees that real kernels handed over, recorded with their packed sizes. */
class RecordedDeviceTreesTest {
  private static final Pattern CRASH_KERNEL =
      Pattern.compile("(?m)^\\s*([0-9a-f]+)-([0-9a-f]+) : Crash kernel$");

  private static final Set<String> EDITED =
      Set.of(
          "bootargs",
          "kaslr-seed",
          "linux,booted-from-kexec",
          "linux,elfcorehdr",
          "linux,initrd-end",
          "linux,initrd-start",
          "linux,usable-memory-range",
          "rng-seed");

  @TestFactory
  Stream<DynamicTest> hasTheRecordedSize() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonObject recording : recordings()) {
      JsonObject machine = recording.getAsJsonObject("machine");
      FlattenedDeviceTree running = runningTree(machine);
      for (JsonElement element : recording.getAsJsonArray("loads")) {
        JsonObject load = element.getAsJsonObject();
        if (load.get("result").getAsString().equals("OK")) {
          String name = text(recording, "name") + " " + text(load, "name");
          tests.add(DynamicTest.dynamicTest(name, () -> check(machine, running, load)));
        }
      }
    }
    return tests.stream();
  }

  private static void check(JsonObject machine, FlattenedDeviceTree running, JsonObject load) {
    byte[] packed = KexecDeviceTree.setup(running, edits(machine, load));

    assertThat(packed).hasSize((int) segment(load, "dtb").orElseThrow().size());
    FlattenedDeviceTree handedOver = FlattenedDeviceTree.parse(ByteView.of(packed));
    assertThat(handedOver.totalsize()).isEqualTo(packed.length);
    DeviceTreeMemory memory = DeviceTreeMemory.of(handedOver);
    assertThat(memory.initrd()).isEqualTo(segment(load, "initrd"));
    assertThat(memory.memory()).isEqualTo(DeviceTreeMemory.of(running).memory()).isNotEmpty();
    assertThat(memory.usable()).hasSize(text(load, "type").equals("crash") ? 1 : 0);
    assertThat(untouched(handedOver.root(), "")).isEqualTo(untouched(running.root(), ""));
  }

  /** Every property, in order, but those of /chosen that are edited. */
  private static List<String> untouched(FdtNode node, String path) {
    List<String> lines = new ArrayList<>();
    for (FdtProperty property : node.properties()) {
      if (!path.equals("/chosen") || !EDITED.contains(property.name())) {
        byte[] value = property.value().toByteArray();
        lines.add(path + ":" + property.name() + "=" + HexFormat.of().formatHex(value));
      }
    }
    for (FdtNode child : node.children()) {
      lines.addAll(untouched(child, path + "/" + child.name()));
    }
    return lines;
  }

  @Test
  void isReadByDtc(@TempDir Path folder) throws IOException, InterruptedException {
    DtcTools.assumeInstalled("dtc");
    JsonObject recording = recordings().get(0);
    JsonObject machine = recording.getAsJsonObject("machine");
    byte[] packed =
        KexecDeviceTree.setup(
            runningTree(machine),
            KexecDeviceTree.Edits.forPageSize(4096)
                .withInitrd(new FdtRegion(0x4100_0000L, 0x12345))
                .withCmdline("console=ttyAMA0"));

    String source = DtcTools.decompile(folder, packed);

    assertThat(source)
        .contains(
            "/memreserve/\t0x0000000041000000 0x0000000000012345;",
            "bootargs = \"console=ttyAMA0\";",
            "linux,initrd-end = <0x00 0x41012345>;",
            "linux,booted-from-kexec;");
  }

  @Test
  void findsTheMemoryThatMemblockHad() throws IOException {
    for (JsonObject recording : recordings()) {
      JsonObject machine = recording.getAsJsonObject("machine");
      DeviceTreeMemory memory = DeviceTreeMemory.of(runningTree(machine));
      String lines = text(machine, "memblock_memory");

      assertThat(memory.memory()).as(text(recording, "name")).isNotEmpty();
      for (FdtRegion region : memory.memory()) {
        assertThat(lines)
            .as(text(recording, "name"))
            .contains(String.format("0x%016x..", region.address()));
      }
    }
  }

  private static KexecDeviceTree.Edits edits(JsonObject machine, JsonObject load) {
    KexecDeviceTree.Edits edits =
        KexecDeviceTree.Edits.forPageSize(machine.get("page_size").getAsInt());
    String cmdline = text(load, "cmdline");
    Optional<FdtRegion> elfcorehdr = segment(load, "elfcorehdr");
    if (elfcorehdr.isPresent()) {
      edits =
          edits.withCrash(
              new KexecDeviceTree.Crash(elfcorehdr.get(), crashRegion(machine), Optional.empty()));
      if (text(machine, "arch").equals("riscv64")) {
        cmdline = String.format("elfcorehdr=0x%x ", elfcorehdr.get().address()) + cmdline;
      }
    }
    Optional<FdtRegion> initrd = segment(load, "initrd");
    if (initrd.isPresent()) {
      edits = edits.withInitrd(initrd.get());
    }
    return edits.withCmdline(cmdline);
  }

  private static FdtRegion crashRegion(JsonObject machine) {
    Matcher matcher = CRASH_KERNEL.matcher(text(machine, "iomem"));
    assertThat(matcher.find()).isTrue();
    long start = Long.parseLong(matcher.group(1), 16);
    long last = Long.parseLong(matcher.group(2), 16);
    assertThat(matcher.find()).as("one crash region is recorded").isFalse();
    return new FdtRegion(start, last + 1 - start);
  }

  private static Optional<FdtRegion> segment(JsonObject load, String role) {
    for (JsonElement element : load.getAsJsonArray("segments")) {
      JsonObject segment = element.getAsJsonObject();
      if (text(segment, "role").equals(role)) {
        return Optional.of(
            new FdtRegion(Long.decode(text(segment, "mem")), Long.decode(text(segment, "bufsz"))));
      }
    }
    return Optional.empty();
  }

  private static FlattenedDeviceTree runningTree(JsonObject machine) throws IOException {
    byte[] gzip = Base64.getDecoder().decode(text(machine, "fdt_gzip_base64"));
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
      return FlattenedDeviceTree.parse(ByteView.of(in.readAllBytes()));
    }
  }

  private static List<JsonObject> recordings() throws IOException {
    String folder = System.getProperty("kexecsim.recordedLoads", "");
    assumeTrue(
        !folder.isEmpty() && Files.isDirectory(Path.of(folder)),
        "skipped: no recorded loads in the folder that kexecsim.recordedLoads names");
    List<JsonObject> recordings = new ArrayList<>();
    try (Stream<Path> files = Files.list(Path.of(folder))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
        JsonObject recording =
            JsonParser.parseString(Files.readString(file, StandardCharsets.UTF_8))
                .getAsJsonObject();
        if (recording.getAsJsonObject("machine").has("fdt_gzip_base64")) {
          recordings.add(recording);
        }
      }
    }
    assertThat(recordings).isNotEmpty();
    return recordings;
  }

  private static String text(JsonObject object, String field) {
    return object.get(field).getAsString();
  }
}
