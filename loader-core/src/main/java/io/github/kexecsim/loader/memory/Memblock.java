package io.github.kexecsim.loader.memory;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What memblock knows of memory, as {@code /sys/kernel/debug/memblock/memory} and {@code reserved}
 * print it ({@code mm/memblock.c, memblock_debug_show}). Older kernels (6.1) print neither nodes
 * nor flags.
 *
 * @param memory what memory there is: ascending, no two overlap
 * @param reserved what is in use: ascending, no two overlap
 * @param warnings oddities that the reader met, for people
 */
public record Memblock(
    List<MemblockRegion> memory, List<MemblockRegion> reserved, List<String> warnings) {
  private static final Pattern REGION =
      Pattern.compile(
          " *+(\\d{1,9}+): 0x(\\p{XDigit}{1,16}+)\\.\\.0x(\\p{XDigit}{1,16}+)"
              + "(?: ++(\\d{1,4}+|x) ++([A-Z_|]++))? *+");

  private static final String MEMORY = "/sys/kernel/debug/memblock/memory";
  private static final String RESERVED = "/sys/kernel/debug/memblock/reserved";

  /**
   * Checks the order.
   *
   * @throws IllegalArgumentException if a list does not ascend or two of its regions overlap
   */
  public Memblock {
    memory = List.copyOf(memory);
    reserved = List.copyOf(reserved);
    warnings = List.copyOf(warnings);
    if (!PhysRangeSet.isAscending(ranges(memory)) || !PhysRangeSet.isAscending(ranges(reserved))) {
      throw new IllegalArgumentException("regions must ascend and not overlap");
    }
  }

  /** Reads texts of at most 100000 lines; see {@link #parse(String, String, Limits)}. */
  public static Memblock parse(String memory, String reserved) {
    return parse(memory, reserved, Limits.DEFAULT);
  }

  /**
   * Reads both files. The kernel keeps its regions sorted and disjoint, so anything else is
   * refused. An empty {@code reserved} is told as a warning, as are numbers that do not count up (a
   * line got lost), flags of unknown name (taken as not there), and a {@code memory} without flags,
   * where memory that is not mapped cannot be told from free memory.
   *
   * @param memory the text of {@code memory}
   * @param reserved the text of {@code reserved}
   * @param limits {@link Limit#RANGES} is how many lines of each to read at most
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED} if there are more lines, {@link
   *     Reason#BAD_MEMORY_MAP} if {@code memory} has none, or if one is not of this format, or
   *     regions overlap or do not ascend, or one reaches beyond 2^52
   */
  public static Memblock parse(String memory, String reserved, Limits limits) {
    Warnings warnings = new Warnings();
    List<MemblockRegion> memoryRegions = read(MEMORY, memory, limits, warnings);
    List<MemblockRegion> reservedRegions = read(RESERVED, reserved, limits, warnings);
    if (memoryRegions.isEmpty()) {
      throw new KexecException(
          Reason.BAD_MEMORY_MAP,
          MEMORY + ": nothing in it, not one line",
          "read it as root with debugfs mounted; the kernel needs CONFIG_DEBUG_FS");
    }
    if (reservedRegions.isEmpty()) {
      warnings.add(RESERVED + ": nothing in it, so all memory counts as free");
    }
    return new Memblock(memoryRegions, reservedRegions, warnings.toList());
  }

  /**
   * The free ranges that a default load walks on arm64, riscv64 and loongarch64, ascending: memory
   * without the reserved, and without regions that are NOMAP or driver-managed ({@code
   * mm/memblock.c, __next_mem_range with MEMBLOCK_NONE and NUMA_NO_NODE}). Like the kernel it cuts
   * region by region, so two memory regions that touch (of other nodes or flags) give two ranges
   * and no hole spans them.
   *
   * @param movableNode whether the kernel was booted with {@code movable_node}, which leaves
   *     HOTPLUG regions out as well
   */
  public List<PhysRange> freeRanges(boolean movableNode) {
    List<PhysRange> walked = new ArrayList<>();
    for (MemblockRegion region : memory) {
      if (!region.isSkipped(movableNode)) {
        walked.add(region.range());
      }
    }
    return List.copyOf(PhysRangeSet.of(ranges(reserved)).cutOutOf(walked));
  }

  /**
   * The memory that the running kernel maps, ascending, one range a region: what a crash dump
   * describes on arm64 and loongarch64 ({@code for_each_mem_range}). Unlike the walk over free
   * memory it has what a driver manages.
   */
  public List<PhysRange> mappedRanges() {
    return memory.stream()
        .filter(region -> !region.flags().contains(MemblockFlag.NOMAP))
        .map(MemblockRegion::range)
        .toList();
  }

  private static List<PhysRange> ranges(List<MemblockRegion> regions) {
    return regions.stream().map(MemblockRegion::range).toList();
  }

  private static List<MemblockRegion> read(
      String file, String text, Limits limits, Warnings warnings) {
    List<MemblockRegion> regions = new ArrayList<>();
    Line.forEach(file, text, limits, line -> regions.add(region(line, regions, warnings)));
    return regions;
  }

  private static MemblockRegion region(Line line, List<MemblockRegion> before, Warnings warnings) {
    Matcher matcher = REGION.matcher(line.text());
    if (!matcher.matches()) {
      throw line.refuse(
          "not a memblock region",
          "expected lines like \"   0: 0x0000000040000000..0x000000007fffffff    0 NONE\"");
    }
    PhysRange range = line.range(matcher.group(2), matcher.group(3)).orElseThrow(line::beyondLimit);
    if (!before.isEmpty() && range.start() < before.get(before.size() - 1).range().end()) {
      throw line.refuse(
          "overlaps or precedes " + before.get(before.size() - 1).range() + ", the region before",
          "the kernel prints regions in order and disjoint: compare it with the original");
    }
    if (Integer.parseInt(matcher.group(1)) != before.size()) {
      warnings.add(line, "not the number that comes next: lines may be missing");
    }
    String node = matcher.group(4);
    if (node == null) {
      if (line.file().equals(MEMORY)) {
        warnings.add(line, "no flags (an older kernel?): NOMAP memory cannot be told from free");
      }
      return new MemblockRegion(range);
    }
    return new MemblockRegion(
        range,
        node.equals("x") ? MemblockRegion.NUMA_NO_NODE : Integer.parseInt(node),
        flags(line, matcher.group(5), warnings));
  }

  private static Set<MemblockFlag> flags(Line line, String names, Warnings warnings) {
    Set<MemblockFlag> flags = EnumSet.noneOf(MemblockFlag.class);
    for (String name : names.split("\\|")) {
      Optional<MemblockFlag> flag = MemblockFlag.byName(name);
      if (flag.isPresent()) {
        flags.add(flag.get());
      } else if (!name.equals("NONE")) {
        warnings.add(line, "flags of unknown name, taken as not there");
      }
    }
    return flags;
  }
}
