package io.github.kexecsim.model.asm;

import static io.github.kexecsim.model.asm.RiscvRegister.A0;
import static io.github.kexecsim.model.asm.RiscvRegister.A1;
import static io.github.kexecsim.model.asm.RiscvRegister.A2;
import static io.github.kexecsim.model.asm.RiscvRegister.A3;
import static io.github.kexecsim.model.asm.RiscvRegister.A4;
import static io.github.kexecsim.model.asm.RiscvRegister.A5;
import static io.github.kexecsim.model.asm.RiscvRegister.A6;
import static io.github.kexecsim.model.asm.RiscvRegister.A7;
import static io.github.kexecsim.model.asm.RiscvRegister.GP;
import static io.github.kexecsim.model.asm.RiscvRegister.RA;
import static io.github.kexecsim.model.asm.RiscvRegister.S0;
import static io.github.kexecsim.model.asm.RiscvRegister.S1;
import static io.github.kexecsim.model.asm.RiscvRegister.S10;
import static io.github.kexecsim.model.asm.RiscvRegister.S11;
import static io.github.kexecsim.model.asm.RiscvRegister.S2;
import static io.github.kexecsim.model.asm.RiscvRegister.S3;
import static io.github.kexecsim.model.asm.RiscvRegister.SP;
import static io.github.kexecsim.model.asm.RiscvRegister.T0;
import static io.github.kexecsim.model.asm.RiscvRegister.T1;
import static io.github.kexecsim.model.asm.RiscvRegister.T2;
import static io.github.kexecsim.model.asm.RiscvRegister.T3;
import static io.github.kexecsim.model.asm.RiscvRegister.T4;
import static io.github.kexecsim.model.asm.RiscvRegister.T5;
import static io.github.kexecsim.model.asm.RiscvRegister.T6;
import static io.github.kexecsim.model.asm.RiscvRegister.TP;
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
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class Riscv64AssemblerTest {
  /** An instruction in GNU syntax, its word as GNU as has it, and the call that emits it. */
  private record Row(String source, int word, Consumer<Riscv64Assembler> call) {
    @Override
    public String toString() {
      return source;
    }
  }

  private static final List<Row> ROWS =
      List.of(
          new Row("lui a0, 0xfffff", 0xffff_f537, a -> a.lui(A0, 0xfffff)),
          new Row("auipc t6, 1", 0x0000_1f97, a -> a.auipc(T6, 1)),
          new Row("addi sp, sp, -2048", 0x8001_0113, a -> a.addi(SP, SP, -2048)),
          new Row("addi s11, gp, 2047", 0x7ff1_8d93, a -> a.addi(S11, GP, 2047)),
          new Row("addiw a1, a1, -1", 0xfff5_859b, a -> a.addiw(A1, A1, -1)),
          new Row("andi t0, t0, 0x20", 0x0202_f293, a -> a.andi(T0, T0, 0x20)),
          new Row("slli t1, t2, 63", 0x03f3_9313, a -> a.slli(T1, T2, 63)),
          new Row("srli t3, t4, 60", 0x03ce_de13, a -> a.srli(T3, T4, 60)),
          new Row("mv s1, a1", 0x0005_8493, a -> a.mv(S1, A1)),
          new Row("nop", 0x0000_0013, a -> a.nop()),
          new Row("add a2, a3, a4", 0x00e6_8633, a -> a.add(A2, A3, A4)),
          new Row("sub s2, s3, s10", 0x41a9_8933, a -> a.sub(S2, S3, S10)),
          new Row("lb a0, 0(s0)", 0x0004_0503, a -> a.lb(A0, S0, 0)),
          new Row("lbu a0, 5(t5)", 0x005f_4503, a -> a.lbu(A0, T5, 5)),
          new Row("lwu a7, -4(a6)", 0xffc8_6883, a -> a.lwu(A7, A6, -4)),
          new Row("ld ra, 2040(sp)", 0x7f81_3083, a -> a.ld(RA, SP, 2040)),
          new Row("sb t0, -1(t1)", 0xfe53_0fa3, a -> a.sb(T0, T1, -1)),
          new Row("sw a5, 31(a4)", 0x00f7_2fa3, a -> a.sw(A5, A4, 31)),
          new Row("sd ra, -2048(sp)", 0x8011_3023, a -> a.sd(RA, SP, -2048)),
          new Row("jalr ra, 12(tp)", 0x00c2_00e7, a -> a.jalr(RA, TP, 12)),
          new Row("jr t0", 0x0002_8067, a -> a.jr(T0)),
          new Row("ret", 0x0000_8067, a -> a.ret()),
          new Row("ecall", 0x0000_0073, a -> a.ecall()),
          new Row("wfi", 0x1050_0073, a -> a.wfi()));

  @ParameterizedTest
  @FieldSource("ROWS")
  void encodesInstruction(Row row) {
    Riscv64Assembler assembler = new Riscv64Assembler();
    row.call().accept(assembler);
    assertThat(words(assembler)).containsExactly(row.word());
  }

  @Test
  void agreesWithGnuAs(@TempDir Path directory) throws IOException, InterruptedException {
    GnuAs as = GnuAs.assumeInstalled("riscv64", directory);
    Riscv64Assembler assembler = new Riscv64Assembler();
    ROWS.forEach(row -> row.call().accept(assembler));
    Label back = new Label();
    Label far = new Label();
    assembler.bind(back).data(new byte[0x7fc]);
    assembler.beq(A0, A1, back).bne(T6, S11, far).beqz(S2, far).bnez(S3, back);
    assembler.jal(RA, far).j(back).la(A0, back).la(A1, far);
    assembler.data(new byte[0x8f8]).bind(far).data64(0x1234_5678_9abc_def0L);

    String source =
        ".option norvc\n.option norelax\n"
            + ROWS.stream().map(Row::source).collect(Collectors.joining("\n"))
            + """

            back: .zero 0x7fc
            beq a0, a1, back; bne t6, s11, far; beqz s2, far; bnez s3, back
            jal ra, far; j back
            0: auipc a0, %pcrel_hi(back); addi a0, a0, %pcrel_lo(0b)
            1: auipc a1, %pcrel_hi(far); addi a1, a1, %pcrel_lo(1b)
            .zero 0x8f8
            far: .quad 0x123456789abcdef0
            """;
    String expected = HexFormat.of().formatHex(as.assemble(source));
    assertThat(HexFormat.of().formatHex(assembler.assemble())).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        -1,
        2047,
        2048,
        -2048,
        -2049,
        0x7fff_f800L,
        0x7fff_ffffL,
        0x8000_0000L,
        0xffff_ffffL,
        -0x8000_0000L,
        -0x8000_0001L,
        Long.MIN_VALUE,
        Long.MAX_VALUE
      })
  void loadsAnyNumber(long value) {
    assertThat(run(words(new Riscv64Assembler().li(A0, value)))).isEqualTo(value);
  }

  @Test
  void loadsRandomNumbersInAtMostEightInstructions() {
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 10_000; i++) {
      long value = random.nextLong() >> random.nextInt(64) << random.nextInt(64);
      int[] words = words(new Riscv64Assembler().li(A0, value));
      assertThat(words.length).isBetween(1, 8);
      assertThat(run(words)).isEqualTo(value);
    }
  }

  /** What A0 holds after the instructions that load a number. */
  private static long run(int[] words) {
    long a0 = 0;
    for (int word : words) {
      assertThat(word >> 7 & 31).isEqualTo(10);
      long from = (word >> 15 & 31) == 0 ? 0 : a0;
      int immediate = word >> 20;
      a0 =
          switch (word & 0x7f) {
            case 0x37 -> word & 0xffff_f000;
            case 0x1b -> (int) from + immediate;
            case 0x13 -> (word >> 12 & 7) == 1 ? from << immediate : from + immediate;
            default -> throw new AssertionError("not an instruction that loads a number");
          };
    }
    return a0;
  }

  @Test
  void refusesOperandsThatDoNotFit() {
    Riscv64Assembler a = new Riscv64Assembler();
    assertThatIllegalArgumentException().isThrownBy(() -> a.lui(A0, 0x10_0000));
    assertThatIllegalArgumentException().isThrownBy(() -> a.lui(A0, -1));
    assertThatIllegalArgumentException().isThrownBy(() -> a.addi(A0, A0, 2048));
    assertThatIllegalArgumentException().isThrownBy(() -> a.addi(A0, A0, -2049));
    assertThatIllegalArgumentException().isThrownBy(() -> a.slli(A0, A0, 64));
    assertThatIllegalArgumentException().isThrownBy(() -> a.srli(A0, A0, -1));
    assertThatIllegalArgumentException().isThrownBy(() -> a.sd(A0, A1, 2048));
    assertThatIllegalArgumentException().isThrownBy(() -> a.lb(A0, A1, -2049));
    assertThat(a.offset()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {-4098, -4097, 4096, 5})
  void branchesNoFartherThanFourKilobytes(int distance) {
    Label label = new Label();
    Riscv64Assembler a = new Riscv64Assembler();
    if (distance < 0) {
      a.bind(label).data(new byte[-distance]).beqz(A0, label);
    } else {
      a.beqz(A0, label).data(new byte[distance - 4]).bind(label);
    }
    assertThatIllegalArgumentException().isThrownBy(a::assemble);
  }

  @Test
  void refusesALabelThatWasNeverBound() {
    assertThatIllegalStateException()
        .isThrownBy(() -> new Riscv64Assembler().j(new Label()).assemble());
  }

  private static int[] words(Riscv64Assembler assembler) {
    byte[] bytes = assembler.assemble();
    int[] words = new int[bytes.length / 4];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
    return words;
  }
}
