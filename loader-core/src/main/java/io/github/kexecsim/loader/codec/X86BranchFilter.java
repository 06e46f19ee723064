package io.github.kexecsim.loader.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The branch filter of x86: {@code CALL} (E8) and {@code JMP} (E9) with a 32-bit displacement whose
 * top byte is 00 or FF. Instructions have no fixed place here, so an opcode byte inside the operand
 * of another must be told from a real one; encoder and decoder keep the same short memory of the
 * opcode bytes just passed for that.
 */
final class X86BranchFilter {
  private static final VarHandle LE32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private X86BranchFilter() {}

  /**
   * Undoes the filter.
   *
   * @param address what the encoder took for the address of the byte at {@code from}
   */
  static void undo(byte[] code, int from, int to, int address) {
    // Bit n of recent: n + 1 bytes back stands an opcode byte that was left as it is.
    int recent = 0;
    int last = from - 1;
    int i = from;
    while (i <= to - 5) {
      if ((code[i] & 0xfe) != 0xe8) {
        i++;
        continue;
      }
      int gap = i - last;
      last = i;
      recent = gap > 3 ? 0 : recent << gap - 1 & 7;
      if (recent != 0 && !plausible(code, i, recent) || !isSign(code[i + 4])) {
        recent = recent << 1 | 1;
        i++;
        continue;
      }
      int displacement = relative((int) LE32.get(code, i + 1), address + i - from + 5, recent);
      int sign = -(displacement >>> 24 & 1) << 24;
      LE32.set(code, i + 1, displacement & 0x00ff_ffff | sign);
      i += 5;
    }
  }

  /** Whether a call may begin at {@code i} in spite of the opcode bytes before it. */
  private static boolean plausible(byte[] code, int i, int recent) {
    return recent != 3 && recent < 5 && !isSign(code[i + 4 - shared(recent)]);
  }

  /** How many bytes of the operand the nearest of the earlier opcodes would share. */
  private static int shared(int recent) {
    return recent == 0 ? 0 : 32 - Integer.numberOfLeadingZeros(recent);
  }

  private static int relative(int absolute, int next, int recent) {
    int displacement = absolute - next;
    if (recent != 0) {
      int bits = 8 * shared(recent);
      // Once at most: the second result is the complement of absolute, which plausible() has seen.
      if (isSign((byte) (displacement >>> 24 - bits))) {
        displacement = (displacement ^ (1 << 32 - bits) - 1) - next;
      }
    }
    return displacement;
  }

  private static boolean isSign(byte top) {
    return top == 0 || top == -1;
  }
}
