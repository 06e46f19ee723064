package io.github.kexecsim.model.handoff;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.asm.Arm64Assembler;
import io.github.kexecsim.model.asm.Arm64Register;
import io.github.kexecsim.model.asm.Label;
import io.github.kexecsim.model.asm.Riscv64Assembler;
import io.github.kexecsim.model.asm.RiscvRegister;
import java.util.List;

/**
 * The code that enters the next kernel as its boot protocol wants it, with the MMU off: on arm64 x0
 * is the device tree and x1 to x3 are 0 ({@code Documentation/arm64/booting.rst}, v6.1); on riscv64
 * a1 is the device tree and a0, the hart's number, is what the firmware left there ({@code
 * Documentation/riscv/boot-image-header.rst}, v6.1). It stands for what the kernel's relocation
 * code and purgatory end in, and checks no digest.
 *
 * <p>It has a page of its own that is memory to load into and in no segment: there is no stub that
 * is not so.
 */
public final class HandoffStub {
  private final PhysRange page;
  private final ByteView code;

  private HandoffStub(PhysRange page, ByteView code) {
    this.page = page;
    this.code = code;
  }

  /** Whether there is a stub for kernels of an architecture. */
  public static boolean exists(Architecture architecture) {
    return architecture == Architecture.ARM64 || architecture == Architecture.RISCV64;
  }

  /**
   * The stub in the lowest free page. Firmware that is about when the stub runs keeps what it needs
   * at the end of memory, and reserves what it keeps at the start.
   *
   * @throws KexecException {@link Reason#NO_ROOM} if every page is taken; {@link
   *     Reason#BAD_SEGMENT} if the load has no device tree to hand over
   * @throws IllegalArgumentException if there is no stub for the architecture
   */
  public static HandoffStub place(Machine machine, PlacedLoad load) {
    long pageSize = machine.pageSize();
    for (PhysRange free : taken(load).cutOutOf(machine.ranges())) {
      long first = Alignment.up(free.start(), pageSize);
      if (first <= free.end() && pageSize <= free.end() - first) {
        return at(first, machine, load);
      }
    }
    throw new KexecException(
        Reason.NO_ROOM,
        "no page is free for the hand-off stub: the segments take all of " + machine.ranges(),
        "one free page is enough: leave out the initrd, or describe a machine with more memory");
  }

  /**
   * The stub at an address.
   *
   * @param address of its page, physical
   * @throws KexecException {@link Reason#BAD_SEGMENT} if it is not the address of a page, or the
   *     page is not in memory or overlaps a segment, or if the load has no device tree; {@link
   *     Reason#BAD_MEMORY_MAP} if there is no such physical address
   * @throws IllegalArgumentException if there is no stub for the architecture
   */
  public static HandoffStub at(long address, Machine machine, PlacedLoad load) {
    PhysRange page = PhysRange.ofSize(address, machine.pageSize());
    if ((address & (machine.pageSize() - 1)) != 0) {
      throw bad(page, "does not begin at a page");
    }
    if (!PhysRangeSet.of(machine.ranges()).contains(page)) {
      throw bad(page, "is outside the memory to load into, " + machine.ranges());
    }
    for (KexecSegment segment : load.segments()) {
      if (segment.range().overlaps(page)) {
        throw bad(page, "overlaps the " + segment.role() + " at " + segment.range());
      }
    }
    return new HandoffStub(page, ByteView.of(assemble(machine.architecture(), load)));
  }

  private static KexecException bad(PhysRange page, String fault) {
    return new KexecException(
        Reason.BAD_SEGMENT,
        "a hand-off stub at " + page + " " + fault,
        "any free page of the machine will do");
  }

  private static PhysRangeSet taken(PlacedLoad load) {
    return PhysRangeSet.of(load.segments().stream().map(KexecSegment::range).toList());
  }

  private static byte[] assemble(Architecture architecture, PlacedLoad load) {
    return switch (architecture) {
      case ARM64 -> arm64(load.kernelEntry(), deviceTree(load));
      case RISCV64 -> riscv64(load.kernelEntry(), deviceTree(load));
      case LOONGARCH64, X86_64 ->
          throw new IllegalArgumentException("there is no hand-off stub for " + architecture);
    };
  }

  private static long deviceTree(PlacedLoad load) {
    return load.segments().stream()
        .filter(segment -> segment.role() == SegmentRole.DTB)
        .findFirst()
        .orElseThrow(
            () ->
                new KexecException(
                    Reason.BAD_SEGMENT,
                    "no device tree is among " + load.segments(),
                    "a kernel that is entered without firmware needs one"))
        .mem();
  }

  private static byte[] arm64(long kernel, long dtb) {
    Label kernelAddress = new Label();
    Label dtbAddress = new Label();
    Arm64Assembler asm = new Arm64Assembler().ldr(Arm64Register.X0, dtbAddress);
    for (Arm64Register zero : List.of(Arm64Register.X1, Arm64Register.X2, Arm64Register.X3)) {
      asm.mov(zero, Arm64Register.XZR);
    }
    asm.ldr(Arm64Register.X4, kernelAddress).br(Arm64Register.X4);
    return asm.align(8).bind(dtbAddress).data64(dtb).bind(kernelAddress).data64(kernel).assemble();
  }

  private static byte[] riscv64(long kernel, long dtb) {
    return new Riscv64Assembler()
        .li(RiscvRegister.A1, dtb)
        .li(RiscvRegister.T0, kernel)
        .jr(RiscvRegister.T0)
        .assemble();
  }

  /** The page that it has to itself. It begins at the page's start. */
  public PhysRange page() {
    return page;
  }

  /** Its instructions, and the data that they load. */
  public ByteView code() {
    return code;
  }

  @Override
  public String toString() {
    return String.format("hand-off stub at %s, 0x%x bytes", page, code.size());
  }
}
