package io.github.kexecsim.model.emit;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Plans as they come out of a load, and others that do not. */
final class Plans {
  static final long GIB = 1L << 30;
  static final long ARM64_RAM = 0x4000_0000L;
  static final long RISCV64_RAM = 0x8000_0000L;

  /** Flags of an arm64 image with pages of 4 and of 16 KiB. */
  static final long PAGES_4K = 0xa;

  static final long PAGES_16K = 0xc;

  private Plans() {}

  /** The start of a tree with memory; what is added comes before {@code build}. */
  static FdtBuilder tree(long ram, long size) {
    return new FdtBuilder()
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .beginNode("memory@0")
        .string("device_type", "memory")
        .u64("reg", ram, size)
        .endNode();
  }

  static byte[] arm64Image(long flags) {
    ByteBuffer image = ByteBuffer.allocate(5000).order(ByteOrder.LITTLE_ENDIAN);
    image.putLong(16, 0x2000).putLong(24, flags).putInt(56, 0x644d_5241);
    return image.array();
  }

  static KexecSegment segment(SegmentRole role, long mem, long memsz, byte... content) {
    return new KexecSegment(
        role, PhysRange.ofSize(mem, memsz), content.length, Optional.of(ByteView.of(content)));
  }

  static KexecSegment unknown(SegmentRole role, long mem) {
    return new KexecSegment(role, PhysRange.ofSize(mem, 0x3000), 0x20e0, Optional.empty());
  }

  /** A machine with 1 GiB of memory, the first half MiB of which is reserved on riscv64. */
  static Machine machine(Architecture architecture, long ram) {
    String map = String.format("%x-%x : System RAM\n", ram, ram + GIB - 1);
    if (architecture == Architecture.RISCV64) {
      map += String.format("  %x-%x : Reserved\n", ram, ram + 0x7_ffff);
    }
    return new MachineBuilder(architecture).iomem(Iomem.parse(map)).build();
  }

  static LoadPlan of(Machine machine, KexecSegment... segments) {
    long kernel = segments[0].mem();
    PlacedLoad placed =
        new PlacedLoad(Arrays.asList(segments), kernel, kernel, "", List.of(), List.of());
    return new LoadPlan(
        LoadRequest.of(ByteView.of(new byte[0]), machine),
        List.of(),
        Optional.of(placed),
        Optional.empty(),
        List.of());
  }

  static LoadPlan arm64(byte[] tree) {
    return arm64(tree, PAGES_4K);
  }

  static LoadPlan arm64(byte[] tree, long flags) {
    return of(
        machine(Architecture.ARM64, ARM64_RAM),
        segment(SegmentRole.KERNEL, ARM64_RAM, 0x2000, arm64Image(flags)),
        segment(SegmentRole.INITRD, ARM64_RAM + 0x3000, 0x1000, new byte[] {1, 2, 3}),
        segment(SegmentRole.DTB, ARM64_RAM + 0x20_0000, 0x2000, tree));
  }

  static LoadPlan riscv64(long kernel, long dtb) {
    return of(
        machine(Architecture.RISCV64, RISCV64_RAM),
        segment(SegmentRole.KERNEL, kernel, 0x2000, new byte[64]),
        unknown(SegmentRole.PURGATORY, RISCV64_RAM + 0x2000_0000L),
        segment(SegmentRole.DTB, dtb, 0x2000, tree(RISCV64_RAM, GIB).build()));
  }
}
