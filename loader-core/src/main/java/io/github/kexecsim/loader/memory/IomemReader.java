package io.github.kexecsim.loader.memory;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the text of {@code /proc/iomem} ({@code kernel/resource.c, r_show}); used once. */
final class IomemReader {
  private static final Pattern RESOURCE =
      Pattern.compile(
          "( *+)(\\p{XDigit}{1,16}+)-(\\p{XDigit}{1,16}+) :(?: (.*+))?", Pattern.DOTALL);

  /**
   * The deepest level that the kernel indents. Whatever is nested deeper is printed at this one,
   * right behind its parent, so siblings may overlap here ({@code MAX_IORES_LEVEL}).
   */
  private static final int MAX_IORES_LEVEL = 5;

  private static final String FORMAT_HINT =
      "expected lines like \"40000000-7fffffff : System RAM\", as `cat /proc/iomem` prints them";

  /** A resource whose children are still coming. */
  private record Node(PhysRange range, String name, Line line, List<Node> children) {}

  private final Node root =
      new Node(new PhysRange(0, PhysRange.LIMIT), "", null, new ArrayList<>());

  /** Element {@code n} is what a line at level {@code n} is nested in. */
  private final List<Node> path = new ArrayList<>(List.of(root));

  private final Warnings warnings = new Warnings();
  private boolean anyLine;
  private boolean anyAddress;

  Iomem read(String text, Limits limits) {
    Line.forEach("/proc/iomem", text, limits, this::accept);
    if (!anyLine) {
      throw new KexecException(
          Reason.BAD_MEMORY_MAP, "/proc/iomem: nothing in it, not one line", FORMAT_HINT);
    }
    if (!anyAddress) {
      throw new KexecException(
          Reason.UNPRIVILEGED_IOMEM,
          "/proc/iomem: every address is zero, so it was read without CAP_SYS_ADMIN",
          "run as root: sudo cat /proc/iomem");
    }
    Iomem iomem = new Iomem(build(root, 0), List.of());
    if (iomem.systemRam().isEmpty()) {
      warnings.add("/proc/iomem: no System RAM in it, so nothing can be placed");
    }
    return new Iomem(iomem.resources(), warnings.toList());
  }

  private void accept(Line line) {
    Matcher matcher = RESOURCE.matcher(line.text());
    if (!matcher.matches()) {
      throw line.refuse("not a resource", FORMAT_HINT);
    }
    int indent = matcher.group(1).length();
    int level = indent / 2;
    if (indent % 2 != 0 || level >= path.size() || level > MAX_IORES_LEVEL) {
      throw line.refuse("indentation that fits no resource above", "two spaces are one level");
    }
    anyLine = true;
    anyAddress |= !(isZero(matcher.group(2)) && isZero(matcher.group(3)));

    path.subList(level + 1, path.size()).clear();
    Node parent = path.get(level);
    String name = Optional.ofNullable(matcher.group(4)).orElse("");
    Optional<PhysRange> range = line.range(matcher.group(2), matcher.group(3));
    if (range.isEmpty() && parent == root) {
      if (isMemory(name)) {
        throw line.beyondLimit();
      }
      warnings.add(line, "beyond 2^52, left out");
      path.add(root);
      return;
    }
    if (range.isEmpty() || !parent.range.contains(range.get())) {
      throw line.refuse(
          "outside of " + parent.range + ", in which it is nested", "compare it with the original");
    }
    Node node = new Node(range.get(), name, line, new ArrayList<>());
    parent.children.add(node);
    path.add(node);
  }

  private static boolean isZero(String hex) {
    return hex.chars().allMatch(digit -> digit == '0');
  }

  private static boolean isMemory(String name) {
    return name.startsWith(Resource.SYSTEM_RAM) || name.equals(Resource.CRASH_KERNEL);
  }

  private List<Resource> build(Node parent, int level) {
    List<Node> nodes = parent.children;
    for (int i = 1; i < nodes.size(); i++) {
      if (nodes.get(i).range.start() < nodes.get(i - 1).range.start()) {
        warnings.add(nodes.get(i).line, "out of order, sorted");
      }
    }
    nodes.sort(Comparator.comparingLong(node -> node.range.start()));
    List<Resource> resources = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      Node node = nodes.get(i);
      if (i > 0 && level < MAX_IORES_LEVEL && node.range.overlaps(nodes.get(i - 1).range)) {
        Line other = nodes.get(i - 1).line;
        throw node.line.refuse(
            "overlaps " + nodes.get(i - 1).range + " of line " + other.number(),
            "resources of one level are disjoint: look for a line that is there twice");
      }
      resources.add(new Resource(node.range, node.name, build(node, level + 1)));
    }
    return resources;
  }
}
