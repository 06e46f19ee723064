package io.github.kexecsim.sample;

import static io.github.kexecsim.model.asm.Arm64Register.SP;
import static io.github.kexecsim.model.asm.Arm64Register.X0;
import static io.github.kexecsim.model.asm.Arm64Register.X1;
import static io.github.kexecsim.model.asm.Arm64Register.X10;
import static io.github.kexecsim.model.asm.Arm64Register.X11;
import static io.github.kexecsim.model.asm.Arm64Register.X12;
import static io.github.kexecsim.model.asm.Arm64Register.X19;
import static io.github.kexecsim.model.asm.Arm64Register.X2;
import static io.github.kexecsim.model.asm.Arm64Register.X20;
import static io.github.kexecsim.model.asm.Arm64Register.X30;
import static io.github.kexecsim.model.asm.Arm64Register.X9;
import static io.github.kexecsim.model.asm.Arm64Register.XZR;

import io.github.kexecsim.model.asm.Arm64Assembler;
import io.github.kexecsim.model.asm.Label;

/**
 * A kernel for QEMU's arm64 machine {@code virt}: it says on the PL011 UART where it runs and what
 * x0 points to, and powers off through PSCI. It runs wherever it is put, at EL1 or EL2 with the MMU
 * off, as {@code Documentation/arm64/booting.rst} (v6.1) has it.
 *
 * <p>Its header names no PE header, and does not begin with MZ: it is no EFI application.
 */
final class Arm64SampleKernel {
  /** 4 KiB pages, may be placed anywhere. */
  private static final long FLAGS = 1 << 1 | 1 << 3;

  private static final int MAGIC = 0x644d_5241;

  private static final long UART = 0x0900_0000;
  private static final int UARTDR = 0x00;
  private static final int UARTFR = 0x18;
  private static final int UARTFR_TXFF_BIT = 5;
  private static final int UARTCR = 0x30;
  private static final int UARTCR_TXE_UARTEN = 0x101;

  private static final long PSCI_SYSTEM_OFF = 0x8400_0008L;

  /** Bit 3 of CurrentEL: EL2, where the hypervisor call would be one to ourselves. */
  private static final int EL2_BIT = 3;

  private final Arm64Assembler asm = new Arm64Assembler();
  private final Label image = new Label();
  private final Label start = new Label();
  private final Label print = new Label();
  private final Label printHex = new Label();
  private final Label stackTop = new Label();
  private final Label end = new Label();
  private final SampleText text = new SampleText();

  private Arm64SampleKernel() {}

  /** The file: a raw arm64 Image that takes more memory than it has bytes. */
  static byte[] image() {
    return new Arm64SampleKernel().build();
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
    asm.bind(image).nop().b(start);
    asm.data64(0); // text_offset
    asm.offset64(end); // image_size
    asm.data64(FLAGS);
    asm.data64(0).data64(0).data64(0);
    asm.data32(MAGIC).data32(0); // no PE header
  }

  private void main() {
    Label notATree = new Label();
    Label done = new Label();
    asm.bind(start).maskExceptions(0xf);
    asm.mov(X19, X0).adr(X9, stackTop).add(SP, X9, 0);
    asm.mov(X20, UART).mov(X9, UARTCR_TXE_UARTEN).strw(X9, X20, UARTCR);
    say("kexec-sim sample kernel: arm64, entered at 0x");
    asm.adr(X0, image).bl(printHex);
    say("\r\nx0 = 0x");
    asm.mov(X0, X19).bl(printHex);
    // Not 8-byte aligned is not a device tree, and with the MMU off cannot be read.
    asm.cbz(X19, notATree).lsl(X9, X19, 61).cbnz(X9, notATree);
    asm.ldrw(X9, X19, 0).mov(X10, SampleText.FDT_MAGIC_LE).sub(X9, X9, X10).cbnz(X9, notATree);
    say(SampleText.TREE_FOUND);
    asm.b(done).bind(notATree);
    say(SampleText.NO_TREE);
    asm.bind(done);
  }

  private void say(String message) {
    asm.adr(X0, text.label(message)).bl(print);
  }

  private void powerOff() {
    Label atEl2 = new Label();
    Label halt = new Label();
    asm.mov(X0, PSCI_SYSTEM_OFF).currentEl(X9).tbnz(X9, EL2_BIT, atEl2);
    asm.hvc(0).b(halt);
    asm.bind(atEl2).smc(0);
    asm.bind(halt).wfi().b(halt);
  }

  /** Prints the string at x0; uses x1 and x2. */
  private void print() {
    Label wait = new Label();
    Label done = new Label();
    asm.bind(print).ldrb(X1, X0, 0).cbz(X1, done).add(X0, X0, 1);
    asm.bind(wait).ldrw(X2, X20, UARTFR).tbnz(X2, UARTFR_TXFF_BIT, wait);
    asm.strw(X1, X20, UARTDR).b(print);
    asm.bind(done).ret();
  }

  /** Prints the 16 digits of x0, made on the stack; uses x9 to x12 and what {@link #print} does. */
  private void printHex() {
    Label digit = new Label();
    asm.bind(printHex).sub(SP, SP, 32).str(X30, SP, 24);
    asm.add(X9, SP, 0).adr(X10, text.label(SampleText.DIGITS)).mov(X11, 16);
    asm.bind(digit).lsr(X12, X0, 60).lsl(X0, X0, 4);
    asm.add(X12, X10, X12).ldrb(X12, X12, 0).strb(X12, X9, 0);
    asm.add(X9, X9, 1).sub(X11, X11, 1).cbnz(X11, digit);
    asm.strb(XZR, X9, 0).add(X0, SP, 0).bl(print);
    asm.ldr(X30, SP, 24).add(SP, SP, 32).ret();
  }
}
