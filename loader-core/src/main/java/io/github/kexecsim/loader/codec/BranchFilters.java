package io.github.kexecsim.loader.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The branch filters of the architectures whose instructions have one size or two. In every method
 * {@code address} is what the encoder took for the address of the byte at {@code from}.
 */
final class BranchFilters {
  private static final VarHandle LE32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle BE32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LE64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private BranchFilters() {}

  /** Undoes ARM: {@code BL} with the condition "always". */
  static void arm(byte[] code, int from, int to, int address) {
    for (int i = from; i <= to - 4; i += 4) {
      int instruction = (int) LE32.get(code, i);
      if (instruction >>> 24 == 0xeb) {
        int target = (instruction << 2) - (address + i - from + 8);
        LE32.set(code, i, 0xeb00_0000 | target >>> 2 & 0xff_ffff);
      }
    }
  }

  /** Undoes Thumb: the two halves of {@code BL}, at any even place. */
  static void armThumb(byte[] code, int from, int to, int address) {
    int i = from;
    while (i <= to - 4) {
      int halves = (int) LE32.get(code, i);
      if ((halves & 0xf800_f800) == 0xf800_f000) {
        int target = (halves & 0x7ff) << 12 | (halves >>> 16 & 0x7ff) << 1;
        target -= address + i - from + 4;
        LE32.set(code, i, 0xf800_f000 | target >>> 12 & 0x7ff | (target >>> 1 & 0x7ff) << 16);
        i += 2;
      }
      i += 2;
    }
  }

  /** Undoes ARM64: every {@code BL}, and {@code ADRP} within 512 MiB. */
  static void arm64(byte[] code, int from, int to, int address) {
    for (int i = from; i <= to - 4; i += 4) {
      int instruction = (int) LE32.get(code, i);
      int pc = address + i - from;
      if (instruction >>> 26 == 0x25) {
        LE32.set(code, i, 0x9400_0000 | instruction - (pc >>> 2) & 0x03ff_ffff);
      } else if ((instruction & 0x9f00_0000) == 0x9000_0000) {
        int page = instruction >>> 29 & 3 | instruction >>> 3 & 0x1f_fffc;
        if ((page + 0x2_0000 & 0x1c_0000) == 0) {
          page -= pc >>> 12;
          int sign = -(page & 0x2_0000) & 0xe0_0000;
          LE32.set(
              code,
              i,
              instruction & 0x9000_001f | (page & 3) << 29 | (page & 0x3_fffc) << 3 | sign);
        }
      }
    }
  }

  /** Undoes PowerPC, big-endian: {@code bl} with a relative target. */
  static void powerPc(byte[] code, int from, int to, int address) {
    for (int i = from; i <= to - 4; i += 4) {
      int instruction = (int) BE32.get(code, i);
      if ((instruction & 0xfc00_0003) == 0x4800_0001) {
        int target = instruction - (address + i - from);
        BE32.set(code, i, 0x4800_0001 | target & 0x03ff_fffc);
      }
    }
  }

  /** Undoes SPARC: {@code call} within 8 MiB either way. */
  static void sparc(byte[] code, int from, int to, int address) {
    for (int i = from; i <= to - 4; i += 4) {
      int instruction = (int) BE32.get(code, i);
      int high = instruction >>> 22;
      if (high == 0x100 || high == 0x1ff) {
        int words = (instruction << 2) - (address + i - from) >>> 2;
        int sign = -(words >>> 22 & 1) << 22 & 0x3fff_ffff;
        BE32.set(code, i, 0x4000_0000 | sign | words & 0x3f_ffff);
      }
    }
  }

  /** Undoes IA-64: IP-relative calls and branches in the slots that the template gives them. */
  static void ia64(byte[] code, int from, int to, int address) {
    for (int i = from; i <= to - 16; i += 16) {
      int slots = ia64BranchSlots(code[i] & 0x1f);
      for (int slot = 0; slot < 3; slot++) {
        if ((slots >>> slot & 1) == 0) {
          continue;
        }
        // A slot is 41 bits; the eight bytes before the bundle's end, or from its start, hold it.
        int bit = 5 + 41 * slot;
        int at = Math.min(bit >>> 3, 8);
        int shift = bit - 8 * at;
        long bytes = (long) LE64.get(code, i + at);
        long instruction = bytes >>> shift;
        if ((instruction >>> 37 & 0xf) != 5 || (instruction >>> 9 & 7) != 0) {
          continue;
        }
        int bundles = (int) (instruction >>> 13 & 0xf_ffff | (instruction >>> 36 & 1) << 20);
        bundles = (bundles << 4) - (address + i - from) >>> 4;
        long target = (bundles & 0xf_ffffL) << 13 | (bundles >>> 20 & 1L) << 36;
        long field = 0xf_ffffL << 13 | 1L << 36;
        LE64.set(code, i + at, bytes & ~(field << shift) | target << shift);
      }
    }
  }

  private static int ia64BranchSlots(int template) {
    return switch (template) {
      case 0x10, 0x11, 0x18, 0x19, 0x1c, 0x1d -> 0b100;
      case 0x12, 0x13 -> 0b110;
      case 0x16, 0x17 -> 0b111;
      default -> 0;
    };
  }

  /** Undoes RISC-V: {@code JAL} to ra or t0, and {@code AUIPC} paired with what uses it. */
  static void riscv(byte[] code, int from, int to, int address) {
    int i = from;
    while (i <= to - 8) {
      int instruction = (int) LE32.get(code, i);
      if ((instruction & 0xdff) == 0x0ef) {
        LE32.set(code, i, riscvJal(instruction, address + i - from));
        i += 4;
      } else if ((instruction & 0x7f) == 0x17) {
        i += riscvAuipc(code, i, instruction, address + i - from);
      } else {
        i += 2;
      }
    }
  }

  /** The filtered form has the target's bits in big-endian order behind the register. */
  private static int riscvJal(int instruction, int pc) {
    int target =
        (instruction >>> 12 & 0xf) << 17
            | (instruction >>> 16 & 0xff) << 9
            | (instruction >>> 24 & 0xff) << 1;
    target -= pc;
    return instruction & 0xfff
        | target & 0xf_f000
        | (target >>> 11 & 1) << 20
        | (target >>> 1 & 0x3ff) << 21
        | (target >>> 20 & 1) << 31;
  }

  /** Undoes one AUIPC and answers how many bytes it took. */
  private static int riscvAuipc(byte[] code, int i, int auipc, int pc) {
    int second = (int) LE32.get(code, i + 4);
    if ((auipc & 0xe80) != 0) {
      // An untouched pair would now be taken for a filtered one: the encoder disguised it.
      boolean pair = ((auipc << 8 ^ second) & 0xf_8003) == 3;
      if (!pair) {
        return 6;
      }
      LE32.set(code, i, 0x17 | 2 << 7 | second << 12);
      LE32.set(code, i + 4, (auipc & 0xffff_f000) + (second >>> 20));
      return 8;
    }
    int register = auipc >>> 27;
    if (Integer.compareUnsigned(auipc - 0x3117 << 18, register & 0x1d) >= 0) {
      return 4;
    }
    int target = Integer.reverseBytes(second) - pc;
    LE32.set(code, i, 0x17 | register << 7 | target + 0x800 & 0xffff_f000);
    LE32.set(code, i + 4, auipc >>> 12 | target << 20);
    return 8;
  }
}
