package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.machine.Purgatory;
import io.github.kexecsim.loader.memory.BootLog;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.zip.GZIPInputStream;

/** The {@code machine} section of a recorded load, which also describes a machine by itself. */
public final class MachineSection {
  private MachineSection() {}

  /**
   * Reads a file that is a machine section, or has one as its member {@code machine}.
   *
   * @param name what to call the machine where the file does not name it
   * @throws KexecException {@link io.github.kexecsim.loader.error.Reason#BAD_RECORD}, or what the
   *     readers of its parts throw
   */
  public static Machine parse(String name, String text) {
    return builder(name, text).build();
  }

  /** What {@link #parse} builds the machine with, for more to be said of it. */
  public static MachineBuilder builder(String name, String text) {
    return builder(name, text, Limits.DEFAULT);
  }

  /**
   * What {@link #parse} builds the machine with, for more to be said of it.
   *
   * @param limits those of ranges and device trees hold for its parts
   * @throws KexecException what {@link #parse} throws
   */
  public static MachineBuilder builder(String name, String text, Limits limits) {
    Json json = Json.parse(text);
    String title = json.optionalString("name").orElse(name);
    return builder(title, json.has("machine") ? json.object("machine") : json, limits);
  }

  static Machine read(String name, Json json, Limits limits) {
    return builder(name, json, limits).build();
  }

  private static MachineBuilder builder(String name, Json json, Limits limits) {
    Architecture architecture =
        Architecture.byName(json.string("arch"))
            .orElseThrow(() -> json.fault("arch", "one of arm64, riscv64, loongarch64, x86_64"));
    MachineBuilder builder = new MachineBuilder(architecture).name(name);
    json.optionalString("kernel_version")
        .map(KernelVersion::parse)
        .ifPresent(builder::kernelVersion);
    if (json.has("page_size")) {
      builder.pageSize((int) Math.min(Integer.MAX_VALUE, json.number("page_size")));
    }
    json.optionalText("iomem").map(text -> Iomem.parse(text, limits)).ifPresent(builder::iomem);
    json.optionalString("boot_cmdline").ifPresent(builder::bootCommandLine);
    if (json.has("memblock_memory")) {
      builder.memblock(
          Memblock.parse(
              json.text("memblock_memory"),
              json.optionalText("memblock_reserved").orElse(""),
              limits));
    }
    json.optionalText("boot_log_e820")
        .map(text -> BootLog.parse(text, limits))
        .ifPresent(builder::bootLog);
    if (json.has("purgatory")) {
      Json purgatory = json.object("purgatory");
      builder.purgatory(
          new Purgatory(
              purgatory.number("bufsz"),
              purgatory.number("memsz"),
              purgatory.number("entry_offset")));
    }
    if (json.has("efi_runtime_map_size")) {
      builder.efiRuntimeMapSize(json.number("efi_runtime_map_size"));
    }
    json.optionalString("emulator")
        .map(line -> Emulator.cpu(line, json.optionalString("boot_cmdline").orElse("")))
        .ifPresent(builder::cpu);
    if (json.has("fdt_gzip_base64")) {
      builder.deviceTree(FlattenedDeviceTree.parse(deviceTree(json, limits), limits));
    }
    return builder;
  }

  private static ByteView deviceTree(Json json, Limits limits) {
    int most = (int) limits.of(Limit.DEVICE_TREE_SIZE);
    try {
      byte[] compressed = Base64.getDecoder().decode(json.string("fdt_gzip_base64"));
      GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(compressed));
      byte[] blob = in.readNBytes(most + 1);
      limits.check(Limit.DEVICE_TREE_SIZE, blob.length, "what fdt_gzip_base64 unpacks to");
      return ByteView.of(blob);
    } catch (IOException | IllegalArgumentException e) {
      throw json.fault("fdt_gzip_base64", "a device tree, gzipped, in base64", e);
    }
  }
}
