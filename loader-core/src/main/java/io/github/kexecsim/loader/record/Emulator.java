package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.machine.Cpu;
import java.util.Arrays;
import java.util.List;
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

  private static final Set<String> TOPOLOGY =
      Set.of("sockets", "dies", "clusters", "modules", "cores", "threads");
  private static final int MAX_CPUS = 1 << 16;

  private Emulator() {}

  /**
   * The CPUs as the guest's kernel uses them.
   *
   * @param bootCommandLine the guest kernel's
   */
  static Cpu cpu(String commandLine, String bootCommandLine) {
    String[] words = commandLine.strip().split("\\s+");
    Cpu cpu = Cpu.UNKNOWN;
    for (int i = 0; i + 1 < words.length; i++) {
      if (words[i].equals("-cpu")) {
        cpu = model(cpu, words[0].endsWith("x86_64"), words[i + 1], bootCommandLine);
      }
      if (words[i].equals("-smp")) {
        cpu = cpu.withCount(cpus(words[i + 1]));
      }
    }
    return cpu;
  }

  private static Cpu model(Cpu cpu, boolean x86, String value, String bootCommandLine) {
    List<String> parts = Arrays.asList(value.split(","));
    Set<Integer> granules = GRANULES_KIB.get(parts.get(0));
    if (granules != null) {
      return new Cpu(cpu.count(), new TreeSet<>(granules), true, false);
    }
    boolean la57 =
        x86 && parts.get(0).equals("max") && !parts.contains("la57=off") && !parts.contains("-la57")
            || parts.contains("la57=on")
            || parts.contains("+la57");
    boolean switchedOff = Arrays.asList(bootCommandLine.split("\\s+")).contains("no5lvl");
    return new Cpu(cpu.count(), cpu.granulesKib(), true, la57 && !switchedOff, la57);
  }

  /**
   * The possible CPUs of {@code -smp N}, {@code -smp cpus=N,maxcpus=M} or {@code -smp
   * sockets=S,cores=C}: what may be plugged in later counts.
   */
  private static int cpus(String value) {
    long stated = 0;
    long product = 1;
    for (String part : value.split(",")) {
      int equals = part.indexOf('=');
      String key = equals < 0 ? "cpus" : part.substring(0, equals);
      String number = part.substring(equals + 1);
      if (number.matches("\\d{1,5}")) {
        if (key.equals("cpus") || key.equals("maxcpus")) {
          stated = Math.max(stated, Long.parseLong(number));
        } else if (TOPOLOGY.contains(key)) {
          product = Math.min(MAX_CPUS, product * Math.max(1, Long.parseLong(number)));
        }
      }
    }
    return (int) Math.min(Math.max(1, stated == 0 ? product : stated), MAX_CPUS);
  }
}
