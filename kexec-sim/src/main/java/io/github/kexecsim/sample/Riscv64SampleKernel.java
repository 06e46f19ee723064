package io.github.kexecsim.sample;

import static io.github.kexecsim.model.asm.RiscvRegister.A0;
import static io.github.kexecsim.model.asm.RiscvRegister.A1;
import static io.github.kexecsim.model.asm.RiscvRegister.A6;
import static io.github.kexecsim.model.asm.RiscvRegister.A7;
import static io.github.kexecsim.model.asm.RiscvRegister.RA;
import static io.github.kexecsim.model.asm.RiscvRegister.S0;
import static io.github.kexecsim.model.asm.RiscvRegister.S1;
import static io.github.kexecsim.model.asm.RiscvRegister.S2;
import static io.github.kexecsim.model.asm.RiscvRegister.SP;
import static io.github.kexecsim.model.asm.RiscvRegister.T0;
import static io.github.kexecsim.model.asm.RiscvRegister.T1;
import static io.github.kexecsim.model.asm.RiscvRegister.T2;
import static io.github.kexecsim.model.asm.RiscvRegister.T3;
import static io.github.kexecsim.model.asm.RiscvRegister.T4;
import static io.github.kexecsim.model.asm.RiscvRegister.ZERO;

import io.github.kexecsim.model.asm.Label;
import io.github.kexecsim.model.asm.Riscv64Assembler;
import io.github.kexecsim.model.asm.RiscvRegister;

/**
 * A kernel for QEMU's riscv64 machine {@code virt}: it says on the ns16550 UART where it runs, on
 * which hart, and what a1 points to, and powers off through the SBI. It runs wherever it is put, in
 * supervisor mode with the MMU off, as {@code Documentation/riscv/boot-image-header.rst} (v6.1) has
 * it.
 *
 * <p>Its header names no PE header, and does not begin with MZ: it is no EFI application.
 */
final class Riscv64SampleKernel {
  /** The offset from the start of memory that 64-bit kernels want; kexec takes it as alignment. */
  private static final long TEXT_OFFSET = 0x20_0000;

  private static final int VERSION_0_2 = 2;
  private static final long MAGIC = 0x56_4353_4952L;
  private static final int MAGIC2 = 0x0543_5352;

  private static final long UART = 0x1000_0000;
  private static final int UART_THR = 0;
  private static final int UART_LSR = 5;
  private static final int UART_LSR_THRE = 0x20;

  /** The SBI's system reset extension, "SRST": function 0, type 0 (shutdown), reason 0 (none). */
  private static final long SBI_SRST = 0x5352_5354;

  private final Riscv64Assembler asm = new Riscv64Assembler();
  private final Label image = new Label();
  private final Label start = new Label();
  private final Label print = new Label();
  private final Label printHex = new Label();
  private final Label stackTop = new Label();
  private final Label end = new Label();
  private final SampleText text = new SampleText();

  private Riscv64SampleKernel() {}

  /** The file: a raw riscv64 Image that takes more memory than it has bytes. */
  static byte[] image() {
    return new Riscv64SampleKernel().build();
  }

  private byte[] build() {
    header();
    main();
    powerOff();
    print();
    printHex();
    text.appendTo(asm);
    asm.reserve(SampleText.STACK_SIZE, 16).bind(stackTop).reserve(0, SampleText.PAGE).bind(end);
    return asm.assemble();
  }

  private void header() {
    asm.bind(image).j(start).data32(0);
    asm.data64(TEXT_OFFSET);
    asm.offset64(end); // image_size
    asm.data64(0); // flags: little-endian
    asm.data32(VERSION_0_2).data32(0).data64(0);
    asm.data64(MAGIC).data32(MAGIC2).data32(0); // no PE header
  }

  private void main() {
    Label notATree = new Label();
    Label done = new Label();
    asm.bind(start).mv(S0, A0).mv(S1, A1).la(SP, stackTop).li(S2, UART);
    say("kexec-sim sample kernel: riscv64, entered at 0x");
    asm.la(A0, image);
    hex(A0);
    say("\r\na0 = 0x");
    hex(S0);
    say(", the hart\r\na1 = 0x");
    hex(S1);
    asm.beqz(S1, notATree).andi(T0, S1, 7).bnez(T0, notATree);
    asm.lwu(T0, S1, 0).li(T1, SampleText.FDT_MAGIC_LE).bne(T0, T1, notATree);
    say(SampleText.TREE_FOUND);
    asm.j(done).bind(notATree);
    say(SampleText.NO_TREE);
    asm.bind(done);
  }

  private void say(String message) {
    asm.la(A0, text.label(message)).jal(RA, print);
  }

  private void hex(RiscvRegister register) {
    asm.mv(A0, register).jal(RA, printHex);
  }

  private void powerOff() {
    Label halt = new Label();
    asm.li(A7, SBI_SRST).li(A6, 0).li(A0, 0).li(A1, 0).ecall();
    asm.bind(halt).wfi().j(halt);
  }

  /** Prints the string at a0; uses t0 and t1. */
  private void print() {
    Label wait = new Label();
    Label done = new Label();
    asm.bind(print).lbu(T0, A0, 0).beqz(T0, done).addi(A0, A0, 1);
    asm.bind(wait).lbu(T1, S2, UART_LSR).andi(T1, T1, UART_LSR_THRE).beqz(T1, wait);
    asm.sb(T0, S2, UART_THR).j(print);
    asm.bind(done).ret();
  }

  /** Prints the 16 digits of a0, made on the stack; uses t0 to t4. */
  private void printHex() {
    Label digit = new Label();
    asm.bind(printHex).addi(SP, SP, -32).sd(RA, SP, 24);
    asm.mv(T0, SP).la(T1, text.label(SampleText.DIGITS)).li(T2, 16);
    asm.bind(digit).srli(T3, A0, 60).slli(A0, A0, 4);
    asm.add(T4, T1, T3).lbu(T4, T4, 0).sb(T4, T0, 0);
    asm.addi(T0, T0, 1).addi(T2, T2, -1).bnez(T2, digit);
    asm.sb(ZERO, T0, 0).mv(A0, SP).jal(RA, print);
    asm.ld(RA, SP, 24).addi(SP, SP, 32).ret();
  }
}
