package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.Cpu;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What a QEMU command line tells of the CPUs it emulates. */
final class Emulator {
  /** Models whose MMU does not translate pages of every size, with the sizes it does, in KiB. */
  private static final Map<String, Set<Integer>> GRANULES_KIB =
      Map.of(
          "cortex-a53", Set.of(4, 64),
          "cortex-a57", Set.of(4, 64),
          "cortex-a72", Set.of(4, 64),
          "a64fx", Set.of(4, 64));

  private static final int MAX_CPUS = 1 << 16;

  private Emulator() {}

  static Cpu cpu(String commandLine) {
    String[] words = commandLine.strip().split("\\s+");
    Cpu cpu = Cpu.UNKNOWN;
    for (int i = 0; i + 1 < words.length; i++) {
      if (words[i].equals("-cpu")) {
        Set<Integer> granules = GRANULES_KIB.get(words[i + 1].split(",")[0]);
        if (granules != null) {
          cpu = new Cpu(cpu.count(), new TreeSet<>(granules), true, false);
        }
      }
      if (words[i].equals("-smp")) {
        cpu = cpu.withCount(cpus(words[i + 1]));
      }
    }
    return cpu;
  }

  /** {@code -smp N} or {@code -smp cpus=N,maxcpus=M,...}: the possible CPUs count. */
  private static int cpus(String value) {
    int count = 1;
    for (String part : value.split(",")) {
      String number = part.substring(part.indexOf('=') + 1);
      boolean counts =
          !part.contains("=") || part.startsWith("cpus=") || part.startsWith("maxcpus=");
      if (counts && number.matches("\\d{1,5}")) {
        count = Math.max(count, Integer.parseInt(number));
      }
    }
    return Math.min(count, MAX_CPUS);
  }
}
