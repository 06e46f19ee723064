package io.github.kexecsim.model.asm;

/**
 * The A64 instructions that our code needs (Arm Architecture Reference Manual for A-profile,
 * chapter C6). Registers are 64 bits wide but for the accesses that say otherwise.
 */
public final class Arm64Assembler extends Assembler<Arm64Assembler> {
  private static final int INSTRUCTION = 4;

  /** An assembler of a program that is empty so far. */
  public Arm64Assembler() {}

  @Override
  Arm64Assembler self() {
    return this;
  }

  /** Loads any 64 bits in one to four instructions: MOVZ or MOVN, then MOVK. */
  public Arm64Assembler mov(Arm64Register rd, long value) {
    int zeros = 0;
    int ones = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 16) {
      zeros += halfword(value, shift) == 0 ? 1 : 0;
      ones += halfword(value, shift) == 0xffff ? 1 : 0;
    }
    boolean inverted = ones > zeros;
    int filler = inverted ? 0xffff : 0;
    boolean first = true;
    for (int shift = 0; shift < Long.SIZE; shift += 16) {
      int halfword = halfword(value, shift);
      if (halfword == filler) {
        continue;
      }
      if (!first) {
        movk(rd, halfword, shift);
      } else if (inverted) {
        movn(rd, halfword ^ 0xffff, shift);
      } else {
        movz(rd, halfword, shift);
      }
      first = false;
    }
    if (!first) {
      return this;
    }
    return inverted ? movn(rd, 0, 0) : movz(rd, 0, 0);
  }

  private static int halfword(long value, int shift) {
    return (int) (value >>> shift) & 0xffff;
  }

  /** {@code rd = imm16 << shift}; the shift is 0, 16, 32 or 48. */
  public Arm64Assembler movz(Arm64Register rd, int imm16, int shift) {
    return moveWide(0xd280_0000, rd, imm16, shift);
  }

  /** {@code rd = ~(imm16 << shift)}; the shift is 0, 16, 32 or 48. */
  public Arm64Assembler movn(Arm64Register rd, int imm16, int shift) {
    return moveWide(0x9280_0000, rd, imm16, shift);
  }

  /** Replaces 16 bits of {@code rd}; the shift is 0, 16, 32 or 48. */
  public Arm64Assembler movk(Arm64Register rd, int imm16, int shift) {
    return moveWide(0xf280_0000, rd, imm16, shift);
  }

  private Arm64Assembler moveWide(int opcode, Arm64Register rd, int imm16, int shift) {
    int hw = unsigned(scaled(shift, 16, "shift"), 2, "shift in halfwords");
    return emit(opcode | hw << 21 | unsigned(imm16, 16, "immediate") << 5 | rd.orZero());
  }

  /** {@code rd = rm}; neither is SP. */
  public Arm64Assembler mov(Arm64Register rd, Arm64Register rm) {
    return emit(0xaa00_03e0 | rm.orZero() << 16 | rd.orZero());
  }

  /** {@code rd = rn + imm12}, 0 to 4095. */
  public Arm64Assembler add(Arm64Register rd, Arm64Register rn, int imm12) {
    return addImmediate(0x9100_0000, rd, rn, imm12);
  }

  /** {@code rd = rn - imm12}, 0 to 4095. */
  public Arm64Assembler sub(Arm64Register rd, Arm64Register rn, int imm12) {
    return addImmediate(0xd100_0000, rd, rn, imm12);
  }

  private Arm64Assembler addImmediate(int opcode, Arm64Register rd, Arm64Register rn, int imm12) {
    return emit(opcode | unsigned(imm12, 12, "immediate") << 10 | rn.orSp() << 5 | rd.orSp());
  }

  /** {@code rd = rn + rm}. */
  public Arm64Assembler add(Arm64Register rd, Arm64Register rn, Arm64Register rm) {
    return emit(0x8b00_0000 | rm.orZero() << 16 | rn.orZero() << 5 | rd.orZero());
  }

  /** {@code rd = rn - rm}. */
  public Arm64Assembler sub(Arm64Register rd, Arm64Register rn, Arm64Register rm) {
    return emit(0xcb00_0000 | rm.orZero() << 16 | rn.orZero() << 5 | rd.orZero());
  }

  /** {@code rd = rn << shift}, 0 to 63. */
  public Arm64Assembler lsl(Arm64Register rd, Arm64Register rn, int shift) {
    int bits = unsigned(shift, 6, "shift");
    return bitfield(rd, rn, -bits & 63, 63 - bits);
  }

  /** {@code rd = rn >>> shift}, 0 to 63. */
  public Arm64Assembler lsr(Arm64Register rd, Arm64Register rn, int shift) {
    return bitfield(rd, rn, unsigned(shift, 6, "shift"), 63);
  }

  private Arm64Assembler bitfield(Arm64Register rd, Arm64Register rn, int immr, int imms) {
    return emit(0xd340_0000 | immr << 16 | imms << 10 | rn.orZero() << 5 | rd.orZero());
  }

  /** Loads 64 bits; the offset is a multiple of 8 from 0 to 32760. */
  public Arm64Assembler ldr(Arm64Register rt, Arm64Register base, int offset) {
    return access(0xf940_0000, 8, rt, base, offset);
  }

  /** Stores 64 bits; the offset is a multiple of 8 from 0 to 32760. */
  public Arm64Assembler str(Arm64Register rt, Arm64Register base, int offset) {
    return access(0xf900_0000, 8, rt, base, offset);
  }

  /** Loads 32 bits, the upper half becomes 0; the offset is a multiple of 4 from 0 to 16380. */
  public Arm64Assembler ldrw(Arm64Register rt, Arm64Register base, int offset) {
    return access(0xb940_0000, 4, rt, base, offset);
  }

  /** Stores the lower 32 bits; the offset is a multiple of 4 from 0 to 16380. */
  public Arm64Assembler strw(Arm64Register rt, Arm64Register base, int offset) {
    return access(0xb900_0000, 4, rt, base, offset);
  }

  /** Loads a byte, the rest becomes 0; the offset is 0 to 4095. */
  public Arm64Assembler ldrb(Arm64Register rt, Arm64Register base, int offset) {
    return access(0x3940_0000, 1, rt, base, offset);
  }

  /** Stores the lowest byte; the offset is 0 to 4095. */
  public Arm64Assembler strb(Arm64Register rt, Arm64Register base, int offset) {
    return access(0x3900_0000, 1, rt, base, offset);
  }

  private Arm64Assembler access(
      int opcode, int size, Arm64Register rt, Arm64Register base, int offset) {
    int imm12 = unsigned(scaled(offset, size, "offset"), 12, "offset in units of " + size);
    return emit(opcode | imm12 << 10 | base.orSp() << 5 | rt.orZero());
  }

  /** Loads 64 bits from a label up to 1 MiB away. */
  public Arm64Assembler ldr(Arm64Register rt, Label label) {
    return emit(label, distance -> 0x5800_0000 | branchField(distance, 19) << 5 | rt.orZero());
  }

  /** The address of a label up to 1 MiB away. */
  public Arm64Assembler adr(Arm64Register rd, Label label) {
    return emit(
        label,
        distance -> {
          int imm21 = signed(distance, 21, "distance");
          return 0x1000_0000 | (imm21 & 3) << 29 | (imm21 >> 2 & 0x7_ffff) << 5 | rd.orZero();
        });
  }

  /** Goes to a label up to 128 MiB away. */
  public Arm64Assembler b(Label label) {
    return emit(label, distance -> 0x1400_0000 | branchField(distance, 26));
  }

  /** Calls a label up to 128 MiB away; X30 is the way back. */
  public Arm64Assembler bl(Label label) {
    return emit(label, distance -> 0x9400_0000 | branchField(distance, 26));
  }

  /** Goes to a label up to 1 MiB away if the register is 0. */
  public Arm64Assembler cbz(Arm64Register rt, Label label) {
    return emit(label, distance -> 0xb400_0000 | branchField(distance, 19) << 5 | rt.orZero());
  }

  /** Goes to a label up to 1 MiB away if the register is not 0. */
  public Arm64Assembler cbnz(Arm64Register rt, Label label) {
    return emit(label, distance -> 0xb500_0000 | branchField(distance, 19) << 5 | rt.orZero());
  }

  /** Goes to a label up to 32 KiB away if a bit, 0 to 63, is set. */
  public Arm64Assembler tbnz(Arm64Register rt, int bit, Label label) {
    int number = unsigned(bit, 6, "bit");
    int opcode = 0x3700_0000 | (number >> 5) << 31 | (number & 31) << 19;
    return emit(label, distance -> opcode | branchField(distance, 14) << 5 | rt.orZero());
  }

  private static int branchField(int distance, int bits) {
    int field = signed(scaled(distance, INSTRUCTION, "distance"), bits, "distance in instructions");
    return field & (1 << bits) - 1;
  }

  /** Goes to the address in a register. */
  public Arm64Assembler br(Arm64Register rn) {
    return emit(0xd61f_0000 | rn.orZero() << 5);
  }

  /** Returns to X30. */
  public Arm64Assembler ret() {
    return emit(0xd65f_03c0);
  }

  public Arm64Assembler nop() {
    return emit(0xd503_201f);
  }

  /** Waits for an event. */
  public Arm64Assembler wfe() {
    return emit(0xd503_205f);
  }

  /** Waits for an interrupt. */
  public Arm64Assembler wfi() {
    return emit(0xd503_207f);
  }

  /** Calls the hypervisor. */
  public Arm64Assembler hvc(int imm16) {
    return emit(0xd400_0002 | unsigned(imm16, 16, "immediate") << 5);
  }

  /** Calls the secure monitor. */
  public Arm64Assembler smc(int imm16) {
    return emit(0xd400_0003 | unsigned(imm16, 16, "immediate") << 5);
  }

  /** {@code MSR DAIFSet}: masks debug exceptions (8), SError (4), IRQ (2) and FIQ (1). */
  public Arm64Assembler maskExceptions(int daif) {
    return emit(0xd503_40df | unsigned(daif, 4, "mask") << 8);
  }

  /** {@code MRS rt, CurrentEL}: the exception level is in bits 2 and 3. */
  public Arm64Assembler currentEl(Arm64Register rt) {
    return emit(0xd538_4240 | rt.orZero());
  }
}
