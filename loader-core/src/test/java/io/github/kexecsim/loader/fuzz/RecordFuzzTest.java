package io.github.kexecsim.loader.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.record.DebugLog;
import io.github.kexecsim.loader.record.MachineSection;
import io.github.kexecsim.loader.record.RecordedLoads;
import io.github.kexecsim.loader.record.Replay;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** Recorded loads, machine sections and logs are read, and replayed, or refused. */
class RecordFuzzTest {
  /** Its device tree may be 16 MiB, and is read into a growing array. */
  private static final long MACHINE_ALLOCATION = 128 << 20;

  /** As Linux 6.7 and newer log it. */
  private static final String KERNEL_LOG =
      """
      <7>[   36.774228] kexec_file: kernel: 0000000066c386c8 kernel_size: 0xd78400
      <7>[   36.821829] kexec-bzImage64: Loaded 64bit kernel at 0x23d400000 bufsz=0xd73400 memsz=0x2ab7000
      <7>[   36.821920] kexec-bzImage64: E820 memmap:
      <7>[   36.821930] kexec-bzImage64: 0000000000100000-0000000000811fff (1)
      <7>[   36.872348] kexec_file: nr_segments = 2
      <7>[   36.872356] kexec_file: segment[0]: buf=0x000000005314ece7 bufsz=0x4000 mem=0x23fffb000 memsz=0x5000
      <7>[   36.872374] kexec_file: segment[1]: buf=0x00000000eb7b1fc3 bufsz=0xd73400 mem=0x23d400000 memsz=0x2ab7000
      <7>[   36.889113] kexec_file: kexec_file_load: type:1, start:0x23fffb150 head:0x2 flags:0xa
      """;

  private static final String KEXEC_TOOLS =
      """
      Try gzip decompression.
      kexec_load: entry = 0x5ef54700 flags = 0x3e0001
      nr_segments = 2
      segment[0].buf   = 0x7f6449f95810
      segment[0].bufsz = 0x91ce60
      segment[0].mem   = 0x5d000000
      segment[0].memsz = 0x1f3f000
      segment[1].buf   = (nil)
      segment[1].bufsz = (nil)
      segment[1].mem   = 0x5ef50000
      segment[1].memsz = 0x4000
      """;

  static List<byte[]> recordings() {
    return Seeds.recordingTexts();
  }

  static List<byte[]> machines() {
    return Seeds.machineSections();
  }

  static List<byte[]> logs() {
    return List.of(KERNEL_LOG.getBytes(UTF_8), KEXEC_TOOLS.getBytes(UTF_8));
  }

  private static long allocation(String text) {
    return MACHINE_ALLOCATION + 2048L * text.length();
  }

  @MethodSource("recordings")
  @FuzzTest
  void recordedLoads(byte[] data) {
    String text = new String(data, UTF_8);
    Bounds.read(allocation(text), () -> RecordedLoads.parse(text))
        .ifPresent(recording -> Bounds.read(allocation(text), () -> Replay.of(recording)));
  }

  @MethodSource("machines")
  @FuzzTest
  void machineSection(byte[] data) {
    String text = new String(data, UTF_8);
    Bounds.read(
        allocation(text),
        () -> {
          Machine machine = MachineSection.parse("fuzz", text);
          Bounds.checkAscending(machine.ranges());
          machine.notes().forEach(Bounds::checkPrintable);
          return machine;
        });
  }

  @MethodSource("logs")
  @FuzzTest
  void debugLog(byte[] data) {
    String text = new String(data, UTF_8);
    PlacedLoad nothing = new PlacedLoad(List.of(), 0, 0, "", List.of(), List.of());
    Bounds.read(
        (4 << 20) + 2048L * text.length(),
        () -> {
          DebugLog log = DebugLog.parse(text);
          log.differences(nothing).forEach(Bounds::checkPrintable);
          return log;
        });
  }
}
