package io.github.kexecsim.model.emit;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.model.handoff.HandoffStub;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The hand-off stub as an executable that QEMU's {@code -kernel} takes: an ELF file (System V ABI,
 * ELF-64) is put where its program headers say and entered with nothing added, on riscv64 by
 * OpenSBI in supervisor mode. A file of another kind would be a kernel to QEMU, which puts code and
 * a device tree of its own before it.
 */
final class HandoffElf {
  private static final int HEADER_SIZE = 64;
  private static final int PROGRAM_HEADER_SIZE = 56;
  private static final short ET_EXEC = 2;
  private static final short EM_AARCH64 = 183;
  private static final short EM_RISCV = 243;
  private static final int PT_LOAD = 1;
  private static final int PF_R_X = 5;

  /** A part of memory that the file describes. */
  private record Load(long address, long size) {}

  private HandoffElf() {}

  static ByteView of(Architecture architecture, HandoffStub stub, long ramBase) {
    long address = stub.page().start();
    Load code = new Load(address, stub.code().size());
    return switch (architecture) {
      case ARM64 ->
          // At the start of RAM stands QEMU's own device tree, unless the kernel begins there: so
          // ours does, with nothing (hw/arm/boot.c, arm_setup_direct_kernel_boot, QEMU 7.2).
          assemble(EM_AARCH64, stub.code(), List.of(new Load(ramBase, 0), code));
      case RISCV64 -> assemble(EM_RISCV, stub.code(), List.of(code));
      case LOONGARCH64, X86_64 ->
          throw new IllegalArgumentException("there is no hand-off stub for " + architecture);
    };
  }

  /** The file; its entry is the last part, which is the code. */
  private static ByteView assemble(short machine, ByteView code, List<Load> loads) {
    int codeOffset = HEADER_SIZE + loads.size() * PROGRAM_HEADER_SIZE;
    ByteBuffer elf = ByteBuffer.allocate(codeOffset + code.size()).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
    elf.putShort(ET_EXEC).putShort(machine).putInt(1); // e_version
    elf.putLong(loads.get(loads.size() - 1).address()); // e_entry
    elf.putLong(HEADER_SIZE).putLong(0); // e_phoff, e_shoff
    elf.putInt(0).putShort((short) HEADER_SIZE); // e_flags, e_ehsize
    elf.putShort((short) PROGRAM_HEADER_SIZE).putShort((short) loads.size());
    elf.position(HEADER_SIZE);
    for (Load load : loads) {
      elf.putInt(PT_LOAD).putInt(PF_R_X).putLong(codeOffset);
      elf.putLong(load.address()).putLong(load.address()); // p_vaddr, p_paddr
      elf.putLong(load.size()).putLong(load.size()).putLong(1); // p_filesz, p_memsz, p_align
    }
    elf.put(code.array(), code.arrayOffset(), code.size());
    return ByteView.of(elf.array());
  }
}
