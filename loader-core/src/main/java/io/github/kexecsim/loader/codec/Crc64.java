package io.github.kexecsim.loader.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.Checksum;

/** CRC-64 as xz uses it: ECMA-182's polynomial, bits reversed, all ones before and after. */
final class Crc64 implements Checksum {
  private static final long POLYNOMIAL = 0xc96c_5795_d787_0f42L;
  private static final VarHandle LE64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** In row n what a byte becomes with n zero bytes behind it: eight bytes at a time. */
  private static final long[][] TABLE = table();

  private long crc = -1;

  private static long[][] table() {
    long[][] table = new long[8][256];
    for (int b = 0; b < 256; b++) {
      long crc = b;
      for (int bit = 0; bit < 8; bit++) {
        crc = crc >>> 1 ^ POLYNOMIAL & -(crc & 1);
      }
      table[0][b] = crc;
    }
    for (int row = 1; row < 8; row++) {
      for (int b = 0; b < 256; b++) {
        long crc = table[row - 1][b];
        table[row][b] = crc >>> 8 ^ table[0][(int) crc & 0xff];
      }
    }
    return table;
  }

  @Override
  public void update(int b) {
    crc = crc >>> 8 ^ TABLE[0][((int) crc ^ b) & 0xff];
  }

  @Override
  public void update(byte[] bytes, int offset, int length) {
    int i = offset;
    int end = offset + length;
    for (; i <= end - 8; i += 8) {
      long x = crc ^ (long) LE64.get(bytes, i);
      crc =
          TABLE[7][(int) x & 0xff]
              ^ TABLE[6][(int) (x >>> 8) & 0xff]
              ^ TABLE[5][(int) (x >>> 16) & 0xff]
              ^ TABLE[4][(int) (x >>> 24) & 0xff]
              ^ TABLE[3][(int) (x >>> 32) & 0xff]
              ^ TABLE[2][(int) (x >>> 40) & 0xff]
              ^ TABLE[1][(int) (x >>> 48) & 0xff]
              ^ TABLE[0][(int) (x >>> 56)];
    }
    for (; i < end; i++) {
      update(bytes[i]);
    }
  }

  @Override
  public long getValue() {
    return ~crc;
  }

  @Override
  public void reset() {
    crc = -1;
  }
}
