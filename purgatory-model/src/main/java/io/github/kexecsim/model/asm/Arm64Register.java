package io.github.kexecsim.model.asm;

/** The 64-bit registers of A64. Number 31 is {@link #SP} or {@link #XZR}, as the operand has it. */
public enum Arm64Register {
  X0,
  X1,
  X2,
  X3,
  X4,
  X5,
  X6,
  X7,
  X8,
  X9,
  X10,
  X11,
  X12,
  X13,
  X14,
  X15,
  X16,
  X17,
  X18,
  X19,
  X20,
  X21,
  X22,
  X23,
  X24,
  X25,
  X26,
  X27,
  X28,
  X29,
  X30,
  SP,
  XZR;

  private static final int NUMBER_31 = 31;

  /** The number where 31 means the zero register. */
  int orZero() {
    if (this == SP) {
      throw new IllegalArgumentException("SP cannot stand where XZR can");
    }
    return this == XZR ? NUMBER_31 : ordinal();
  }

  /** The number where 31 means the stack pointer. */
  int orSp() {
    if (this == XZR) {
      throw new IllegalArgumentException("XZR cannot stand where SP can");
    }
    return ordinal();
  }
}
