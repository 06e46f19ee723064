package io.github.kexecsim.model;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Cpu;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.kimage.PageSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Loads by chance on small machines, where segments take up to half of memory, so that free pages
 * lie on destinations all the time.
 */
public final class RandomLoads {
  private static final List<Architecture> ARCHITECTURES = List.of(Architecture.values());
  private static final int[] ARM64_PAGES = {4 << 10, 16 << 10, 64 << 10};
  private static final int[] X86_VERSIONS = {1, 12, 13, 14, 16};
  private static final byte[] BYTES = new byte[32 << 20];

  static {
    new SplittableRandom(7).nextBytes(BYTES);
  }

  /** One of them. */
  public record Load(Machine machine, PlacedLoad placed, LoadType type) {
    public RelocationPlan plan(PageSource source) {
      return RelocationPlan.of(machine, placed, type, source);
    }

    @Override
    public String toString() {
      return machine.architecture()
          + " "
          + machine.kernelVersion()
          + " "
          + machine.pageSize()
          + " "
          + type
          + " "
          + placed.segments();
    }
  }

  private final SplittableRandom random;

  public RandomLoads(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** The page sources that every load must come right under. */
  public static List<PageSource> sources(long seed) {
    return List.of(
        PageSource.LOWEST_FIRST,
        PageSource.HIGHEST_FIRST,
        PageSource.TRAILING,
        PageSource.random(seed),
        PageSource.adversarial(seed));
  }

  /** A load of some kind on some machine. */
  public Load next() {
    return next(
        ARCHITECTURES.get(random.nextInt(ARCHITECTURES.size())),
        random.nextInt(5) == 0 ? LoadType.CRASH : LoadType.DEFAULT);
  }

  /** A load on some machine of an architecture. */
  public Load next(Architecture architecture, LoadType type) {
    Machine machine = machine(architecture);
    List<PhysRange> room = machine.ranges();
    if (type == LoadType.CRASH) {
      PhysRange all = room.stream().max(Comparator.comparingLong(PhysRange::size)).orElseThrow();
      long pages = all.size() / machine.pageSize();
      long first = random.nextLong(pages / 4);
      PhysRange region =
          PhysRange.ofSize(
              all.start() + first * machine.pageSize(), pages / 2 * machine.pageSize());
      machine = machine.withCrashRegion(region);
      room = List.of(region);
    }
    List<KexecSegment> segments = segments(machine, room);
    KexecSegment start = segments.get(0);
    long kernel = segments.get(segments.size() - 1).mem();
    PlacedLoad placed = new PlacedLoad(segments, start.mem() + 8, kernel, "", List.of(), List.of());
    return new Load(machine, placed, type);
  }

  private Machine machine(Architecture architecture) {
    MachineBuilder builder = new MachineBuilder(architecture);
    int pageSize = architecture == Architecture.ARM64 ? ARM64_PAGES[random.nextInt(3)] : 4 << 10;
    long base =
        switch (architecture) {
          case X86_64 -> 0x100000;
          case LOONGARCH64 -> 0x200000;
          case ARM64 -> 0x40000000L + random.nextLong(4) * (random.nextLong(8) << 36);
          case RISCV64 -> 0x80000000L;
        };
    List<PhysRange> ranges = new ArrayList<>();
    int count = 1 + random.nextInt(4);
    long at = base;
    for (int i = 0; i < count; i++) {
      long size = (64 + random.nextLong(600)) * pageSize;
      ranges.add(PhysRange.ofSize(at, size));
      at += size + random.nextLong(3) * (pageSize + (random.nextLong(4) << 21));
    }
    builder.pageSize(pageSize);
    if (architecture == Architecture.X86_64) {
      StringBuilder text = new StringBuilder();
      for (PhysRange range : ranges) {
        text.append(
            String.format(Locale.ROOT, "%08x-%08x : System RAM%n", range.start(), range.last()));
      }
      boolean five = random.nextBoolean();
      return builder
          .iomem(Iomem.parse(text.toString()))
          .cpu(new Cpu(1, Cpu.UNKNOWN.granulesKib(), true, five))
          .kernelVersion(new KernelVersion(6, X86_VERSIONS[random.nextInt(X86_VERSIONS.length)]))
          .build();
    }
    return builder.memblock(Memblock.parse(text(ranges), "")).build();
  }

  private static String text(List<PhysRange> ranges) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < ranges.size(); i++) {
      text.append(
          String.format(
              Locale.ROOT,
              "%4d: 0x%016x..0x%016x    0 NONE%n",
              i,
              ranges.get(i).start(),
              ranges.get(i).last()));
    }
    return text.toString();
  }

  private List<KexecSegment> segments(Machine machine, List<PhysRange> room) {
    int pageSize = machine.pageSize();
    long budget = machine.usableRam() / pageSize / 2;
    List<KexecSegment> segments = new ArrayList<>();
    PhysRangeSet left = PhysRangeSet.of(room);
    int wanted = 2 + random.nextInt(5);
    for (int i = 0; i < wanted && !left.isEmpty(); i++) {
      PhysRange hole = left.ranges().get(random.nextInt(left.ranges().size()));
      long pages = hole.size() / pageSize;
      long size = 1 + random.nextLong(Math.min(pages, Math.max(1, budget / 2)));
      if (size > budget) {
        continue;
      }
      long first = random.nextLong(pages - size + 1);
      PhysRange range = PhysRange.ofSize(hole.start() + first * pageSize, size * pageSize);
      segments.add(segment(role(machine, segments.size()), range));
      left = left.subtract(PhysRangeSet.of(range));
      budget -= size;
    }
    return segments;
  }

  /** The purgatory first where there is one, the entry being in it. */
  private static SegmentRole role(Machine machine, int index) {
    boolean purgatory =
        machine.architecture() == Architecture.X86_64
            || machine.architecture() == Architecture.RISCV64;
    return switch (index) {
      case 0 -> purgatory ? SegmentRole.PURGATORY : SegmentRole.KERNEL;
      case 1 -> SegmentRole.DTB;
      case 2 -> SegmentRole.ELFCOREHDR;
      default -> SegmentRole.INITRD;
    };
  }

  private KexecSegment segment(SegmentRole role, PhysRange range) {
    long bufsz =
        switch (random.nextInt(4)) {
          case 0 -> range.size();
          case 1 -> 0;
          default -> random.nextLong(range.size() + 1);
        };
    boolean known = bufsz < BYTES.length / 2 && random.nextInt(4) != 0;
    return new KexecSegment(
        role,
        range,
        bufsz,
        known
            ? Optional.of(
                ByteView.of(BYTES, random.nextInt(BYTES.length - (int) bufsz), (int) bufsz))
            : Optional.empty());
  }
}
