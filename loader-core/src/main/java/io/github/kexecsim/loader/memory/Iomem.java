package io.github.kexecsim.loader.memory;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What {@code /proc/iomem} says: the tree of physical address space that the kernel keeps ({@code
 * kernel/resource.c}).
 *
 * @param resources the top level: ascending, no two overlap
 * @param warnings oddities that the reader met, for people
 */
public record Iomem(List<Resource> resources, List<String> warnings) {
  private static final Set<String> RESERVED =
      Set.of(
          "reserved",
          "Reserved",
          "Kernel code",
          "Kernel data",
          "Kernel rodata",
          "Kernel bss",
          "Kernel image",
          Resource.CRASH_KERNEL);

  /**
   * Checks the order.
   *
   * @throws IllegalArgumentException if the resources do not ascend or two overlap
   */
  public Iomem {
    resources = List.copyOf(resources);
    warnings = List.copyOf(warnings);
    if (!PhysRangeSet.isAscending(resources.stream().map(Resource::range).toList())) {
      throw new IllegalArgumentException("resources must ascend and not overlap");
    }
  }

  /** Reads a text of at most 100000 lines; see {@link #parse(String, Limits)}. */
  public static Iomem parse(String text) {
    return parse(text, Limits.DEFAULT);
  }

  /**
   * Reads the text of {@code /proc/iomem}, two spaces of indentation a level. Blank lines and CR LF
   * are taken as they come. Lines out of order are sorted, and resources beyond 2^52 that are not
   * memory (PCI windows that end at 2^64) are left out, their children kept; both with a warning.
   *
   * @param text the file
   * @param limits {@link Limit#RANGES} is how many lines to read at most
   * @throws KexecException {@link Reason#UNPRIVILEGED_IOMEM} if every address is zero, {@link
   *     Reason#LIMIT_EXCEEDED} if there are more lines, {@link Reason#BAD_MEMORY_MAP} if there is
   *     none, or if one is not of this format, or a resource overlaps its neighbour or leaves its
   *     parent, or memory reaches beyond 2^52
   */
  public static Iomem parse(String text, Limits limits) {
    return new IomemReader().read(text, limits);
  }

  /**
   * The {@code System RAM} resources, ascending, one range each even where they touch: what a
   * default load walks on x86_64 ({@code kernel/resource.c, walk_system_ram_res}). That walk finds
   * them below other resources too (memory in a CXL window). Memory that a driver manages bears the
   * driver's name behind ({@code System RAM (kmem)}), and the hole search leaves it out ({@code
   * kernel/kexec_file.c, locate_mem_hole_callback}).
   */
  public List<PhysRange> systemRam() {
    return named(Resource.SYSTEM_RAM::equals);
  }

  /**
   * The {@code Crash kernel} resources, ascending. Where there are two, the kernel's {@code
   * crashk_res}, which takes the segments, is the last one, and the first is {@code
   * crashk_low_res}.
   */
  public List<PhysRange> crashKernel() {
    return named(Resource.CRASH_KERNEL::equals);
  }

  /**
   * About what the kernel would walk where it walks memblock, for when only this file is at hand:
   * System RAM without what is reserved, holds the running kernel, or is set aside for a crash
   * kernel. It may miss memory that was freed after boot (the initrd's, the kernel's init
   * sections), and reservations are page-granular here.
   */
  public List<PhysRange> freeEstimate() {
    return PhysRangeSet.of(named(RESERVED::contains)).cutOutOf(systemRam());
  }

  /** The outermost resources with such a name, at any depth, in the order of the file. */
  public List<PhysRange> named(Predicate<String> name) {
    List<PhysRange> found = new ArrayList<>();
    find(resources, name, found);
    return List.copyOf(found);
  }

  private static void find(List<Resource> from, Predicate<String> name, List<PhysRange> found) {
    for (Resource resource : from) {
      if (name.test(resource.name())) {
        found.add(resource.range());
      } else {
        find(resource.children(), name, found);
      }
    }
  }
}
