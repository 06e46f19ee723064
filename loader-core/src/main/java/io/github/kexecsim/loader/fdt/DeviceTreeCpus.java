package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How many CPUs a kernel that boots with a tree holds possible ({@code num_possible_cpus}). */
public final class DeviceTreeCpus {
  private static final Pattern NR_CPUS = Pattern.compile("(?:^|\\s)nr_cpus=(\\d{1,5})(?=\\s|$)");
  private static final int MAX_CPUS = 1 << 16;

  private DeviceTreeCpus() {}

  /**
   * Counts the CPU nodes below /cpus that are not broken, each {@code reg} once, and at most as
   * many as {@code nr_cpus=} of bootargs allows ({@code drivers/of/base.c, of_get_next_cpu_node};
   * {@code arch/arm64/kernel/smp.c, of_parse_and_init_cpus}; {@code arch/riscv/kernel/smpboot.c},
   * v6.1).
   *
   * @param onlyAvailable whether a disabled CPU is none, as on riscv64; arm64 counts it
   * @return empty where the tree describes no CPU, as that of a kernel that boots by ACPI
   */
  public static OptionalInt possible(FlattenedDeviceTree tree, boolean onlyAvailable) {
    List<FdtNode> nodes = tree.node("/cpus").map(FdtNode::children).orElse(List.of());
    long count =
        nodes.stream()
            .filter(DeviceTreeCpus::isCpu)
            .filter(node -> onlyAvailable ? node.isAvailable() : !isBroken(node))
            .flatMap(node -> node.property("reg").stream())
            .map(FdtProperty::value)
            .distinct()
            .count();
    if (count == 0) {
      return OptionalInt.empty();
    }
    return OptionalInt.of((int) Math.min(count, limit(tree)));
  }

  private static boolean isCpu(FdtNode node) {
    return FdtNode.nameMatches(node.name(), "cpu")
        || node.property("device_type").map(type -> text(type).equals("cpu")).orElse(false);
  }

  private static boolean isBroken(FdtNode node) {
    Optional<String> status = node.property("status").map(DeviceTreeCpus::text);
    return status.map(text -> text.equals("fail") || text.startsWith("fail-")).orElse(false);
  }

  private static int limit(FlattenedDeviceTree tree) {
    Optional<FdtProperty> bootargs =
        tree.node("/chosen").flatMap(chosen -> chosen.property("bootargs"));
    int limit = MAX_CPUS;
    if (bootargs.isPresent()) {
      Matcher matcher = NR_CPUS.matcher(text(bootargs.get()));
      while (matcher.find()) {
        int stated = Integer.parseInt(matcher.group(1));
        limit = stated == 0 ? limit : Math.min(limit, stated);
      }
    }
    return limit;
  }

  private static String text(FdtProperty property) {
    ByteView value = property.value();
    return value.cString(0, value.size());
  }
}
