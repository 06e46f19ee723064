package io.github.kexecsim.model.asm;

/**
 * The RV64I instructions that our code needs (The RISC-V Instruction Set Manual, volume I), each
 * four bytes long: none is compressed.
 */
public final class Riscv64Assembler extends Assembler<Riscv64Assembler> {
  private static final int LOAD = 0x03;
  private static final int OP_IMM = 0x13;
  private static final int AUIPC = 0x17;
  private static final int OP_IMM_32 = 0x1b;
  private static final int STORE = 0x23;
  private static final int OP = 0x33;
  private static final int LUI = 0x37;
  private static final int BRANCH = 0x63;
  private static final int JALR = 0x67;
  private static final int JAL = 0x6f;

  /** An assembler of a program that is empty so far. */
  public Riscv64Assembler() {}

  @Override
  Riscv64Assembler self() {
    return this;
  }

  /** Loads any 64 bits in one to eight instructions. */
  public Riscv64Assembler li(RiscvRegister rd, long value) {
    int low = lowPart(value);
    long high = (value - low) >> 12;
    if (high == 0) {
      return addi(rd, RiscvRegister.ZERO, low);
    }
    if (value == (int) value) {
      lui(rd, (int) high & 0xf_ffff);
      return low == 0 ? this : addiw(rd, rd, low);
    }
    li(rd, high).slli(rd, rd, 12);
    return low == 0 ? this : addi(rd, rd, low);
  }

  /** The low 12 bits as the signed number that an immediate is. */
  private static int lowPart(long value) {
    return (int) (value << 52 >> 52);
  }

  /** {@code rd = imm20 << 12}, extended by its sign. */
  public Riscv64Assembler lui(RiscvRegister rd, int imm20) {
    return emit(unsigned(imm20, 20, "immediate") << 12 | rd.number() << 7 | LUI);
  }

  /** {@code rd = pc + (imm20 << 12)}, extended by its sign. */
  public Riscv64Assembler auipc(RiscvRegister rd, int imm20) {
    return emit(unsigned(imm20, 20, "immediate") << 12 | rd.number() << 7 | AUIPC);
  }

  /** The address of a label, as AUIPC and ADDI. */
  public Riscv64Assembler la(RiscvRegister rd, Label label) {
    emit(label, distance -> (distance - lowPart(distance)) | rd.number() << 7 | AUIPC);
    return emit(
        label,
        distance -> immediate(OP_IMM, 0, rd, rd, lowPart(distance + 4L))); // counts from the AUIPC
  }

  /** {@code rd = rs1 + imm12}, -2048 to 2047. */
  public Riscv64Assembler addi(RiscvRegister rd, RiscvRegister rs1, int imm12) {
    return emit(immediate(OP_IMM, 0, rd, rs1, imm12));
  }

  /** {@code rd = rs1 + imm12} in 32 bits, extended by its sign. */
  public Riscv64Assembler addiw(RiscvRegister rd, RiscvRegister rs1, int imm12) {
    return emit(immediate(OP_IMM_32, 0, rd, rs1, imm12));
  }

  /** {@code rd = rs1 & imm12}, -2048 to 2047. */
  public Riscv64Assembler andi(RiscvRegister rd, RiscvRegister rs1, int imm12) {
    return emit(immediate(OP_IMM, 7, rd, rs1, imm12));
  }

  /** {@code rd = rs1 << shift}, 0 to 63. */
  public Riscv64Assembler slli(RiscvRegister rd, RiscvRegister rs1, int shift) {
    return emit(immediate(OP_IMM, 1, rd, rs1, unsigned(shift, 6, "shift")));
  }

  /** {@code rd = rs1 >>> shift}, 0 to 63. */
  public Riscv64Assembler srli(RiscvRegister rd, RiscvRegister rs1, int shift) {
    return emit(immediate(OP_IMM, 5, rd, rs1, unsigned(shift, 6, "shift")));
  }

  /** {@code rd = rs1}. */
  public Riscv64Assembler mv(RiscvRegister rd, RiscvRegister rs1) {
    return addi(rd, rs1, 0);
  }

  public Riscv64Assembler nop() {
    return addi(RiscvRegister.ZERO, RiscvRegister.ZERO, 0);
  }

  /** {@code rd = rs1 + rs2}. */
  public Riscv64Assembler add(RiscvRegister rd, RiscvRegister rs1, RiscvRegister rs2) {
    return emit(rs2.number() << 20 | rs1.number() << 15 | rd.number() << 7 | OP);
  }

  /** {@code rd = rs1 - rs2}. */
  public Riscv64Assembler sub(RiscvRegister rd, RiscvRegister rs1, RiscvRegister rs2) {
    return emit(0x4000_0000 | rs2.number() << 20 | rs1.number() << 15 | rd.number() << 7 | OP);
  }

  /** Loads a byte, extended by its sign; the offset is -2048 to 2047, as in every access. */
  public Riscv64Assembler lb(RiscvRegister rd, RiscvRegister base, int offset) {
    return emit(immediate(LOAD, 0, rd, base, offset));
  }

  /** Loads a byte, extended by zeros. */
  public Riscv64Assembler lbu(RiscvRegister rd, RiscvRegister base, int offset) {
    return emit(immediate(LOAD, 4, rd, base, offset));
  }

  /** Loads 32 bits, extended by zeros. */
  public Riscv64Assembler lwu(RiscvRegister rd, RiscvRegister base, int offset) {
    return emit(immediate(LOAD, 6, rd, base, offset));
  }

  /** Loads 64 bits. */
  public Riscv64Assembler ld(RiscvRegister rd, RiscvRegister base, int offset) {
    return emit(immediate(LOAD, 3, rd, base, offset));
  }

  /** Stores the lowest byte. */
  public Riscv64Assembler sb(RiscvRegister rs2, RiscvRegister base, int offset) {
    return store(0, rs2, base, offset);
  }

  /** Stores the lower 32 bits. */
  public Riscv64Assembler sw(RiscvRegister rs2, RiscvRegister base, int offset) {
    return store(2, rs2, base, offset);
  }

  /** Stores 64 bits. */
  public Riscv64Assembler sd(RiscvRegister rs2, RiscvRegister base, int offset) {
    return store(3, rs2, base, offset);
  }

  private Riscv64Assembler store(int funct3, RiscvRegister rs2, RiscvRegister base, int offset) {
    int imm12 = signed(offset, 12, "offset");
    return emit(
        (imm12 >> 5 & 0x7f) << 25
            | rs2.number() << 20
            | base.number() << 15
            | funct3 << 12
            | (imm12 & 0x1f) << 7
            | STORE);
  }

  private static int immediate(
      int opcode, int funct3, RiscvRegister rd, RiscvRegister rs1, int imm12) {
    return signed(imm12, 12, "immediate") << 20
        | rs1.number() << 15
        | funct3 << 12
        | rd.number() << 7
        | opcode;
  }

  /** Goes to a label up to 4 KiB away if both are equal. */
  public Riscv64Assembler beq(RiscvRegister rs1, RiscvRegister rs2, Label label) {
    return branch(0, rs1, rs2, label);
  }

  /** Goes to a label up to 4 KiB away if they differ. */
  public Riscv64Assembler bne(RiscvRegister rs1, RiscvRegister rs2, Label label) {
    return branch(1, rs1, rs2, label);
  }

  /** Goes to a label up to 4 KiB away if the register is 0. */
  public Riscv64Assembler beqz(RiscvRegister rs1, Label label) {
    return beq(rs1, RiscvRegister.ZERO, label);
  }

  /** Goes to a label up to 4 KiB away if the register is not 0. */
  public Riscv64Assembler bnez(RiscvRegister rs1, Label label) {
    return bne(rs1, RiscvRegister.ZERO, label);
  }

  private Riscv64Assembler branch(int funct3, RiscvRegister rs1, RiscvRegister rs2, Label label) {
    int opcode = rs2.number() << 20 | rs1.number() << 15 | funct3 << 12 | BRANCH;
    return emit(
        label,
        distance -> {
          int imm13 = signed(scaled(distance, 2, "distance") * 2, 13, "distance");
          return opcode
              | (imm13 >> 12 & 1) << 31
              | (imm13 >> 5 & 0x3f) << 25
              | (imm13 >> 1 & 0xf) << 8
              | (imm13 >> 11 & 1) << 7;
        });
  }

  /** Goes to a label up to 1 MiB away and leaves the way back in {@code rd}. */
  public Riscv64Assembler jal(RiscvRegister rd, Label label) {
    return emit(
        label,
        distance -> {
          int imm21 = signed(scaled(distance, 2, "distance") * 2, 21, "distance");
          return (imm21 >> 20 & 1) << 31
              | (imm21 >> 1 & 0x3ff) << 21
              | (imm21 >> 11 & 1) << 20
              | (imm21 >> 12 & 0xff) << 12
              | rd.number() << 7
              | JAL;
        });
  }

  /** Goes to a label up to 1 MiB away. */
  public Riscv64Assembler j(Label label) {
    return jal(RiscvRegister.ZERO, label);
  }

  /** Goes to {@code rs1 + offset} and leaves the way back in {@code rd}. */
  public Riscv64Assembler jalr(RiscvRegister rd, RiscvRegister rs1, int offset) {
    return emit(immediate(JALR, 0, rd, rs1, offset));
  }

  /** Goes to the address in a register. */
  public Riscv64Assembler jr(RiscvRegister rs1) {
    return jalr(RiscvRegister.ZERO, rs1, 0);
  }

  /** Returns to RA. */
  public Riscv64Assembler ret() {
    return jr(RiscvRegister.RA);
  }

  /** Calls the execution environment: the SBI from supervisor mode. */
  public Riscv64Assembler ecall() {
    return emit(0x0000_0073);
  }

  /** Waits for an interrupt. */
  public Riscv64Assembler wfi() {
    return emit(0x1050_0073);
  }
}
