package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Cpu;
import io.github.kexecsim.loader.machine.CrashNotes;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MemoryWalk;
import io.github.kexecsim.loader.machine.Purgatory;
import io.github.kexecsim.loader.memory.PhysRange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What placing costs on memory of many ranges: {@code docs/placement-cost.md}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PlacementBenchmark {
  private static final long MIB = 1 << 20;
  private static final long IMAGE_SIZE = 16 * MIB;

  /** How the ranges are made; every last one takes everything. */
  public enum Shape {
    /** Every range takes everything. */
    ROOMY(64 * MIB, 0),
    /** No range but the last takes even the smallest buffer. */
    SMALL(4096, 0),
    /** Every range is large enough for a kernel, and in none but the last it lies aligned. */
    UNALIGNED(IMAGE_SIZE + MIB, 4096),
    /** Every range takes a kernel, and none but the last what belongs to it. */
    KERNEL_ONLY(IMAGE_SIZE, 0);

    private final long size;
    private final long offset;

    Shape(long size, long offset) {
      this.size = size;
      this.offset = offset;
    }

    private PhysRange range(int index, boolean last) {
      long start = (1 + index) * 128 * MIB;
      return last ? PhysRange.ofSize(start, 120 * MIB) : PhysRange.ofSize(start + offset, size);
    }
  }

  @Param({"10", "100", "1000", "10000"})
  public int ranges;

  @Param public Shape shape;

  private Machine machine;
  private PlacementRequest arm64;
  private List<KexecBuf> sixteen;

  /** Makes the machine and what is asked of it. */
  @Setup
  public void setUp() {
    List<PhysRange> memory = new ArrayList<>();
    for (int i = 0; i < ranges; i++) {
      memory.add(shape.range(i, i == ranges - 1));
    }
    machine =
        new Machine(
            "benchmark",
            Architecture.ARM64,
            KernelVersion.NEWEST_RECORDED,
            4096,
            MemoryWalk.MEMBLOCK,
            memory,
            memory,
            1L << 50,
            Optional.empty(),
            Optional.empty(),
            Cpu.UNKNOWN,
            Optional.empty(),
            new Purgatory(0, 0, 0),
            List.of(),
            Optional.empty(),
            0,
            CrashNotes.UNKNOWN,
            List.of());
    arm64 =
        new PlacementRequest(
            machine,
            kernel(),
            Optional.of(FileContent.ofSize(30 * MIB)),
            "console=ttyAMA0",
            LoadType.DEFAULT,
            0);
    sixteen = new ArrayList<>();
    for (int i = 0; i < SegmentList.MAX_SEGMENTS; i++) {
      long size = i == 0 ? IMAGE_SIZE : 8192L * (i + 1);
      sixteen.add(
          i % 2 == 0
              ? KexecBuf.bottomUp(SegmentRole.KERNEL, size, size, 2 * MIB, 0)
              : KexecBuf.topDown(SegmentRole.INITRD, size, size, 0, 0));
    }
  }

  private static FileContent kernel() {
    ByteBuffer header = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(16, IMAGE_SIZE).put(0x38, "ARMd".getBytes(StandardCharsets.ISO_8859_1));
    return new FileContent(ByteView.of(header.array()), 12 * MIB);
  }

  /** A whole arm64 load: kernel, initrd and the device tree, which is made as well. */
  @Benchmark
  public PlacedLoad arm64Load() {
    return Placement.of(Architecture.ARM64).place(arm64);
  }

  /** Sixteen buffers, every other one from the top, behind one another. */
  @Benchmark
  public int sixteenSegments() {
    SegmentList list = new SegmentList(machine, LoadType.DEFAULT);
    for (KexecBuf buf : sixteen) {
      list.add(buf);
    }
    return list.count();
  }
}
