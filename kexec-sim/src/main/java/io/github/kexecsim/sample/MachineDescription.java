package io.github.kexecsim.sample;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.machine.Architecture;
import java.util.Base64;

/**
 * A built-in machine: QEMU's own layout, and a Linux 7.2 that keeps its image low, its page structs
 * high and 128 MiB for a crash kernel, as an ordinary boot leaves it. Members are named as in the
 * {@code machine} section of a recorded load.
 */
final class MachineDescription {
  private final JsonObject json = new JsonObject();

  private MachineDescription(Architecture architecture, int pageSize, String emulator) {
    json.addProperty("arch", architecture.label());
    json.addProperty("kernel_version", "7.2.0");
    json.addProperty("page_size", pageSize);
    json.addProperty("emulator", emulator);
  }

  static MachineDescription of(Architecture architecture) {
    return switch (architecture) {
      case ARM64 -> arm64();
      case RISCV64 -> riscv64();
      case LOONGARCH64 -> loongarch64();
      case X86_64 -> x86();
    };
  }

  /** The first 2 MiB are kept free: without {@code -kernel}, QEMU puts its own tree there. */
  private static MachineDescription arm64() {
    return new MachineDescription(
            Architecture.ARM64, 4096, "qemu-system-aarch64 -M virt -cpu cortex-a57 -m 1024")
        .iomem(
            """
            09000000-09000fff : pl011@9000000
            40000000-7fffffff : System RAM
              40000000-401fffff : reserved
              40200000-40dfffff : Kernel code
              40e00000-412fffff : reserved
              41300000-416fffff : Kernel data
              48000000-48000fff : reserved
              70000000-77ffffff : Crash kernel
              7e000000-7fffffff : reserved
            """)
        .memblock(
            """
               0: 0x0000000040000000..0x000000007fffffff    0 NONE
            """,
            """
               0: 0x0000000040000000..0x00000000401fffff    0 NONE
               1: 0x0000000040200000..0x00000000416fffff    0 NONE
               2: 0x0000000048000000..0x0000000048000fff    0 NONE
               3: 0x0000000070000000..0x0000000077ffffff    0 NONE
               4: 0x000000007e000000..0x000000007fffffff    0 RSV_KERN
            """)
        .deviceTree(VirtDeviceTree.arm64());
  }

  /** OpenSBI keeps the first 512 KiB. */
  private static MachineDescription riscv64() {
    return new MachineDescription(Architecture.RISCV64, 4096, "qemu-system-riscv64 -M virt -m 1024")
        .iomem(
            """
            10000000-100000ff : serial
            80000000-bfffffff : System RAM
              80000000-8007ffff : Reserved
              80200000-815fffff : Kernel image
                80200000-80bfffff : Kernel code
                80c00000-80ffffff : Kernel rodata
                81000000-813fffff : Kernel data
                81400000-815fffff : Kernel bss
              88000000-88000fff : Reserved
              b0000000-b7ffffff : Crash kernel
              be000000-bfffffff : Reserved
            """)
        .memblock(
            """
               0: 0x0000000080000000..0x00000000bfffffff    0 NONE
            """,
            """
               0: 0x0000000080000000..0x000000008007ffff    0 NONE
               1: 0x0000000080200000..0x00000000815fffff    0 NONE
               2: 0x0000000088000000..0x0000000088000fff    0 NONE
               3: 0x00000000b0000000..0x00000000b7ffffff    0 NONE
               4: 0x00000000be000000..0x00000000bfffffff    0 RSV_KERN
            """)
        .deviceTree(VirtDeviceTree.riscv64());
  }

  /** 256 MiB lie below the devices, the rest from 2 GiB up. */
  private static MachineDescription loongarch64() {
    return new MachineDescription(
            Architecture.LOONGARCH64, 16384, "qemu-system-loongarch64 -M virt -m 1024")
        .iomem(
            """
            00000000-0fffffff : System RAM
              00000000-001fffff : Reserved
              00200000-00dfffff : Kernel code
              00e00000-015fffff : Kernel data
              01600000-017fffff : Kernel bss
            1fe001e0-1fe002df : serial
            80000000-afffffff : System RAM
              a0000000-a7ffffff : Crash kernel
              ae000000-afffffff : Reserved
            """)
        .memblock(
            """
               0: 0x0000000000000000..0x000000000fffffff    0 NONE
               1: 0x0000000080000000..0x00000000afffffff    0 NONE
            """,
            """
               0: 0x0000000000000000..0x00000000001fffff    0 NONE
               1: 0x0000000000200000..0x00000000017fffff    0 NONE
               2: 0x00000000a0000000..0x00000000a7ffffff    0 NONE
               3: 0x00000000ae000000..0x00000000afffffff    0 RSV_KERN
            """);
  }

  private static MachineDescription x86() {
    return new MachineDescription(
            Architecture.X86_64, 4096, "qemu-system-x86_64 -M q35 -cpu max -m 1024")
        .iomem(
            """
            00000000-00000fff : Reserved
            00001000-0009fbff : System RAM
            0009fc00-0009ffff : Reserved
            000a0000-000bffff : PCI Bus 0000:00
            000f0000-000fffff : Reserved
            00100000-3ffdffff : System RAM
              01000000-01ffffff : Kernel code
              02000000-027fffff : Kernel rodata
              02800000-02bfffff : Kernel data
              02c00000-02ffffff : Kernel bss
              30000000-37ffffff : Crash kernel
            3ffe0000-3fffffff : Reserved
            b0000000-bfffffff : Reserved
            fec00000-fec003ff : IOAPIC 0
            fed1c000-fed1ffff : Reserved
            fffc0000-ffffffff : Reserved
            """)
        .e820(
            "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable",
            "BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved",
            "BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff] reserved",
            "BIOS-e820: [mem 0x0000000000100000-0x000000003ffdffff] usable",
            "BIOS-e820: [mem 0x000000003ffe0000-0x000000003fffffff] reserved",
            "BIOS-e820: [mem 0x00000000b0000000-0x00000000bfffffff] reserved",
            "BIOS-e820: [mem 0x00000000fed1c000-0x00000000fed1ffff] reserved",
            "BIOS-e820: [mem 0x00000000fffc0000-0x00000000ffffffff] reserved");
  }

  private MachineDescription iomem(String text) {
    json.addProperty("iomem", text);
    return this;
  }

  private MachineDescription memblock(String memory, String reserved) {
    json.addProperty("memory_walk", "memblock");
    json.addProperty("memblock_memory", memory);
    json.addProperty("memblock_reserved", reserved);
    return this;
  }

  private MachineDescription e820(String... lines) {
    json.addProperty("memory_walk", "system_ram");
    JsonArray log = new JsonArray();
    for (String line : lines) {
      log.add(line);
    }
    json.add("boot_log_e820", log);
    return this;
  }

  private MachineDescription deviceTree(byte[] blob) {
    byte[] gzip = Compressors.byMethod(CompressionMethod.GZIP).compress(ByteView.of(blob));
    json.addProperty("fdt_gzip_base64", Base64.getEncoder().encodeToString(gzip));
    return this;
  }

  String toJson() {
    return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(json) + "\n";
  }
}
