package io.github.kexecsim.loader.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.BootLog;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** A description of memory gives ranges in order, and a machine, or is refused. */
class MemoryTextFuzzTest {
  private static final String LOG =
      """
      [    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
      <6>BIOS-e820: [gap 0x00000000000a0000-0x00000000000effff]
      BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff]  device reserved
      modified: [mem 0x0000000000100000-0x000000003ffdefff] persistent (type 7)
      efi: mem00: [Conventional|   |  |WB|WT] range=[0x0000000000001000-0x000000000009ffff] (0MB)
      efi: mem01: [type=77|attr=0x8000000000000001] range=[0x0000000100000000-0x000000013fffffff]
      efi:   0x000040000000-0x00004fffffff [Loader Data |   |  |WB|WT|WC|UC]
      """;

  /** Lines of one byte cost most; a refusal quotes one line. */
  /** Most of it is what the fuzzer itself allocates when it traces comparisons of text. */
  private static long allocation(String text) {
    return (16 << 20) + 2048L * text.length();
  }

  static List<byte[]> iomemTexts() {
    return bytes(Seeds.machineTexts("iomem"));
  }

  static List<byte[]> memblockTexts() {
    List<String> texts = new ArrayList<>(Seeds.machineTexts("memblock_memory"));
    texts.addAll(Seeds.machineTexts("memblock_reserved"));
    return bytes(texts);
  }

  static List<byte[]> logs() {
    List<String> texts = new ArrayList<>(Seeds.machineTexts("boot_log_e820"));
    texts.add(LOG);
    return bytes(texts);
  }

  private static List<byte[]> bytes(List<String> texts) {
    return texts.stream().map(text -> text.getBytes(ISO_8859_1)).toList();
  }

  @MethodSource("iomemTexts")
  @FuzzTest
  void iomem(byte[] data) {
    String text = new String(data, ISO_8859_1);
    Bounds.read(
        allocation(text),
        () -> {
          Iomem iomem = Iomem.parse(text);
          Bounds.checkAscending(iomem.systemRam());
          Bounds.checkAscending(iomem.freeEstimate());
          Bounds.checkAscending(iomem.crashKernel());
          iomem.warnings().forEach(Bounds::checkPrintable);
          for (Architecture architecture : Architecture.values()) {
            new MachineBuilder(architecture).iomem(iomem).build();
          }
          return iomem;
        });
  }

  @MethodSource("memblockTexts")
  @FuzzTest
  void memblock(byte[] data) {
    String text = new String(data, ISO_8859_1);
    int middle = text.indexOf("\n\n");
    String memory = middle < 0 ? text : text.substring(0, middle);
    String reserved = middle < 0 ? "" : text.substring(middle);
    Bounds.read(
        allocation(text),
        () -> {
          Memblock memblock = Memblock.parse(memory, reserved);
          Bounds.checkAscending(memblock.freeRanges(true));
          Bounds.checkAscending(memblock.freeRanges(false));
          Bounds.checkAscending(memblock.mappedRanges());
          memblock.warnings().forEach(Bounds::checkPrintable);
          return new MachineBuilder(Architecture.ARM64).memblock(memblock).build();
        });
  }

  @MethodSource("logs")
  @FuzzTest
  void bootLog(byte[] data) {
    String text = new String(data, ISO_8859_1);
    Bounds.read(
        allocation(text),
        () -> {
          BootLog log = BootLog.parse(text);
          Bounds.checkAscending(log.systemRam());
          log.warnings().forEach(Bounds::checkPrintable);
          return new MachineBuilder(Architecture.X86_64).bootLog(log).build();
        });
  }
}
