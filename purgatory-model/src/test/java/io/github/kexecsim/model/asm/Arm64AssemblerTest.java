package io.github.kexecsim.model.asm;

import static io.github.kexecsim.model.asm.Arm64Register.SP;
import static io.github.kexecsim.model.asm.Arm64Register.X0;
import static io.github.kexecsim.model.asm.Arm64Register.X1;
import static io.github.kexecsim.model.asm.Arm64Register.X10;
import static io.github.kexecsim.model.asm.Arm64Register.X11;
import static io.github.kexecsim.model.asm.Arm64Register.X19;
import static io.github.kexecsim.model.asm.Arm64Register.X2;
import static io.github.kexecsim.model.asm.Arm64Register.X20;
import static io.github.kexecsim.model.asm.Arm64Register.X29;
import static io.github.kexecsim.model.asm.Arm64Register.X3;
import static io.github.kexecsim.model.asm.Arm64Register.X30;
import static io.github.kexecsim.model.asm.Arm64Register.X4;
import static io.github.kexecsim.model.asm.Arm64Register.X5;
import static io.github.kexecsim.model.asm.Arm64Register.X6;
import static io.github.kexecsim.model.asm.Arm64Register.X7;
import static io.github.kexecsim.model.asm.Arm64Register.X9;
import static io.github.kexecsim.model.asm.Arm64Register.XZR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class Arm64AssemblerTest {
  /** An instruction in GNU syntax, its word as GNU as has it, and the call that emits it. */
  private record Row(String source, int word, Consumer<Arm64Assembler> call) {
    @Override
    public String toString() {
      return source;
    }
  }

  private static final List<Row> ROWS =
      List.of(
          new Row("movz x3, #0x1234", 0xd282_4683, a -> a.movz(X3, 0x1234, 0)),
          new Row("movz x30, #0xffff, lsl #48", 0xd2ff_fffe, a -> a.movz(X30, 0xffff, 48)),
          new Row("movn x1, #0x10, lsl #16", 0x92a0_0201, a -> a.movn(X1, 0x10, 16)),
          new Row("movk x7, #0xbeef, lsl #32", 0xf2d7_dde7, a -> a.movk(X7, 0xbeef, 32)),
          new Row("movk xzr, #1", 0xf280_003f, a -> a.movk(XZR, 1, 0)),
          new Row("mov x19, x0", 0xaa00_03f3, a -> a.mov(X19, X0)),
          new Row("mov x1, xzr", 0xaa1f_03e1, a -> a.mov(X1, XZR)),
          new Row("add sp, sp, #16", 0x9100_43ff, a -> a.add(SP, SP, 16)),
          new Row("add x2, x3, #4095", 0x913f_fc62, a -> a.add(X2, X3, 4095)),
          new Row("sub sp, x29, #32", 0xd100_83bf, a -> a.sub(SP, X29, 32)),
          new Row("add x9, x10, x11", 0x8b0b_0149, a -> a.add(X9, X10, X11)),
          new Row("sub x9, x10, xzr", 0xcb1f_0149, a -> a.sub(X9, X10, XZR)),
          new Row("lsl x1, x2, #61", 0xd343_0841, a -> a.lsl(X1, X2, 61)),
          new Row("lsl x1, x2, #0", 0xd340_fc41, a -> a.lsl(X1, X2, 0)),
          new Row("lsr x5, x6, #60", 0xd37c_fcc5, a -> a.lsr(X5, X6, 60)),
          new Row("ldr x4, [sp, #8]", 0xf940_07e4, a -> a.ldr(X4, SP, 8)),
          new Row("ldr x4, [x5, #32760]", 0xf97f_fca4, a -> a.ldr(X4, X5, 32760)),
          new Row("str x30, [sp]", 0xf900_03fe, a -> a.str(X30, SP, 0)),
          new Row("ldr w9, [x20, #24]", 0xb940_1a89, a -> a.ldrw(X9, X20, 24)),
          new Row("str wzr, [x20, #16380]", 0xb93f_fe9f, a -> a.strw(XZR, X20, 16380)),
          new Row("ldrb w0, [x1, #4095]", 0x397f_fc20, a -> a.ldrb(X0, X1, 4095)),
          new Row("strb w0, [x1]", 0x3900_0020, a -> a.strb(X0, X1, 0)),
          new Row("br x4", 0xd61f_0080, a -> a.br(X4)),
          new Row("ret", 0xd65f_03c0, a -> a.ret()),
          new Row("nop", 0xd503_201f, a -> a.nop()),
          new Row("wfe", 0xd503_205f, a -> a.wfe()),
          new Row("wfi", 0xd503_207f, a -> a.wfi()),
          new Row("hvc #0", 0xd400_0002, a -> a.hvc(0)),
          new Row("smc #0xffff", 0xd41f_ffe3, a -> a.smc(0xffff)),
          new Row("msr daifset, #0xf", 0xd503_4fdf, a -> a.maskExceptions(0xf)),
          new Row("mrs x2, CurrentEL", 0xd538_4242, a -> a.currentEl(X2)));

  @ParameterizedTest
  @FieldSource("ROWS")
  void encodesInstruction(Row row) {
    Arm64Assembler assembler = new Arm64Assembler();
    row.call().accept(assembler);
    assertThat(words(assembler)).containsExactly(row.word());
  }

  @Test
  void agreesWithGnuAs(@TempDir Path directory) throws IOException, InterruptedException {
    GnuAs as = GnuAs.assumeInstalled("aarch64", directory);
    Arm64Assembler assembler = new Arm64Assembler();
    ROWS.forEach(row -> row.call().accept(assembler));
    Label back = new Label();
    Label far = new Label();
    assembler.bind(back);
    assembler.b(far).bl(back).cbz(X3, far).cbnz(XZR, back).tbnz(X9, 5, back).tbnz(X9, 63, far);
    assembler.adr(X1, back).adr(X30, far).ldr(X0, far).ldr(X0, back);
    assembler.data(new byte[] {1, 2, 3}).align(8).bind(far).data64(0x1234_5678_9abc_def0L);

    String source =
        ROWS.stream().map(Row::source).collect(Collectors.joining("\n"))
            + """

            back:
            b far; bl back; cbz x3, far; cbnz xzr, back; tbnz w9, #5, back; tbnz x9, #63, far
            adr x1, back; adr x30, far; ldr x0, far; ldr x0, back
            .byte 1, 2, 3
            .balign 8, 0
            far: .quad 0x123456789abcdef0
            """;
    String expected = HexFormat.of().formatHex(as.assemble(source));
    assertThat(HexFormat.of().formatHex(assembler.assemble())).isEqualTo(expected);
  }

  @Test
  void reachesAsFarAsAnInstructionCan() {
    assertReach(-(1 << 15), 1 << 15, (assembler, label) -> assembler.tbnz(X0, 0, label));
    assertReach(-(1 << 20), 1 << 20, (assembler, label) -> assembler.cbz(X0, label));
    assertReach(-(1 << 20), 1 << 20, (assembler, label) -> assembler.ldr(X0, label));
    assertReach(-(1 << 20), 1 << 20, (assembler, label) -> assembler.adr(X0, label));
  }

  private static void assertReach(int min, int end, BiConsumer<Arm64Assembler, Label> instruction) {
    assertThat(withLabelAt(end - 4, instruction)).isNotEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> withLabelAt(end, instruction));
    assertThat(withLabelAt(min, instruction)).isNotEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> withLabelAt(min - 4, instruction));
  }

  private static byte[] withLabelAt(int distance, BiConsumer<Arm64Assembler, Label> instruction) {
    Arm64Assembler assembler = new Arm64Assembler();
    Label label = new Label();
    if (distance < 0) {
      assembler.bind(label).data(new byte[-distance]);
      instruction.accept(assembler, label);
    } else {
      instruction.accept(assembler, label);
      assembler.data(new byte[distance - 4]).bind(label);
    }
    return assembler.assemble();
  }

  @ParameterizedTest
  @ValueSource(
      longs = {0, -1, 1, 0xffff, 0x1_0000, 0x8400_0008L, 0xffff_ffff_0000_ffffL, Long.MIN_VALUE})
  void loadsAnyNumber(long value) {
    assertThat(run(words(new Arm64Assembler().mov(X5, value)))).isEqualTo(value);
  }

  @Test
  void loadsRandomNumbersInAtMostFourInstructions() {
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 10_000; i++) {
      long mask = random.nextBoolean() ? -1L << random.nextInt(64) : -1L >>> random.nextInt(64);
      long value = random.nextBoolean() ? random.nextLong() & mask : random.nextLong() | mask;
      int[] words = words(new Arm64Assembler().mov(X5, value));
      assertThat(words.length).isBetween(1, 4);
      assertThat(run(words)).isEqualTo(value);
    }
  }

  /** What X5 holds after moves of wide immediates. */
  private static long run(int[] words) {
    long x5 = 0;
    for (int word : words) {
      assertThat(word & 31).isEqualTo(5);
      int shift = (word >> 21 & 3) * 16;
      long immediate = (word >> 5 & 0xffffL) << shift;
      switch (word >>> 23) {
        case 0x1a5 -> x5 = immediate;
        case 0x125 -> x5 = ~immediate;
        case 0x1e5 -> x5 = x5 & ~(0xffffL << shift) | immediate;
        default -> throw new AssertionError("no move of a wide immediate");
      }
    }
    return x5;
  }

  @Test
  void refusesOperandsThatDoNotFit() {
    Arm64Assembler a = new Arm64Assembler();
    Label label = new Label();
    assertThatIllegalArgumentException().isThrownBy(() -> a.movz(X0, 0x1_0000, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> a.movz(X0, -1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> a.movz(X0, 0, 8));
    assertThatIllegalArgumentException().isThrownBy(() -> a.movz(X0, 0, 64));
    assertThatIllegalArgumentException().isThrownBy(() -> a.mov(X0, SP));
    assertThatIllegalArgumentException().isThrownBy(() -> a.add(X0, XZR, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> a.add(X0, X0, 4096));
    assertThatIllegalArgumentException().isThrownBy(() -> a.add(X0, X0, -1));
    assertThatIllegalArgumentException().isThrownBy(() -> a.lsl(X0, X0, 64));
    assertThatIllegalArgumentException().isThrownBy(() -> a.lsr(X0, X0, -1));
    assertThatIllegalArgumentException().isThrownBy(() -> a.ldr(X0, X1, 4));
    assertThatIllegalArgumentException().isThrownBy(() -> a.ldr(X0, X1, 32768));
    assertThatIllegalArgumentException().isThrownBy(() -> a.strb(X0, XZR, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> a.tbnz(X0, 64, label));
    assertThatIllegalArgumentException().isThrownBy(() -> a.hvc(0x1_0000));
    assertThatIllegalArgumentException().isThrownBy(() -> a.maskExceptions(16));
    assertThat(a.offset()).isZero();
  }

  @Test
  void reservesRoomThatTheFileDoesNotHold() {
    Arm64Assembler a = new Arm64Assembler();
    Label end = new Label();
    a.offset64(end).nop().reserve(0x100, 16).bind(end);
    assertThat(ByteBuffer.wrap(a.assemble()).order(ByteOrder.LITTLE_ENDIAN).getLong())
        .isEqualTo(0x110);
    assertThat(a.assemble()).hasSize(12);
    assertThat(a.offset()).isEqualTo(0x110);
    assertThatIllegalStateException().isThrownBy(a::nop);
    assertThatIllegalArgumentException().isThrownBy(() -> a.reserve(-1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> a.reserve(1, 3));
    assertThatIllegalArgumentException().isThrownBy(() -> a.reserve(Integer.MAX_VALUE, 1));
  }

  @Test
  void bindsEveryLabelOnce() {
    Label label = new Label();
    Arm64Assembler a = new Arm64Assembler().b(label);
    assertThatIllegalStateException().isThrownBy(a::assemble);
    a.bind(label);
    assertThatIllegalStateException().isThrownBy(() -> a.bind(label));
    assertThat(words(a)).containsExactly(0x1400_0001);
  }

  private static int[] words(Arm64Assembler assembler) {
    byte[] bytes = assembler.assemble();
    int[] words = new int[bytes.length / 4];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
    return words;
  }
}
