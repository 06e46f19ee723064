package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.Adler32;
import org.junit.jupiter.api.Test;

final class LzoDecompressorTest extends DecompressorContractTest {
  private static final int FLAGS_OFFSET = 17;
  private static final int HEADER_SUM_OFFSET = 34;
  private static final int FIRST_BLOCK = 38;

  LzoDecompressorTest() {
    super(CompressionMethod.LZO);
  }

  @Test
  void refusesFlagsThatChangeTheData() {
    for (int bit : new int[] {10, 11, 14, 19}) {
      byte[] payload = sample();
      payload[FLAGS_OFFSET + 3 - bit / 8] |= (byte) (1 << bit % 8);
      sum(payload);
      assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(payload, 1000));
    }
  }

  @Test
  void refusesOtherMethodsThanLzo1x() {
    for (int method : new int[] {0, 4, 128}) {
      byte[] payload = sample();
      payload[15] = (byte) method;
      sum(payload);
      assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(payload, 1000));
    }
  }

  @Test
  void refusesBlocksThatTheKernelCannotTake() {
    byte[] tooLarge = sample();
    Arrays.fill(tooLarge, FIRST_BLOCK, FIRST_BLOCK + 8, (byte) 0);
    tooLarge[FIRST_BLOCK + 1] = 4;
    tooLarge[FIRST_BLOCK + 3] = 1;
    assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(tooLarge, 1 << 20));

    byte[] growing = sample();
    growing[FIRST_BLOCK + 5] = 1;
    assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(growing, 1 << 20));
  }

  @Test
  void skipsTheExtraField() {
    byte[] plain = sample();
    plain[FLAGS_OFFSET + 3] |= 0x40;
    sum(plain);
    byte[] field = HexFormat.of().parseHex("00000003" + "010203" + "00000000");
    Adler32 sum = new Adler32();
    sum.update(field, 0, 7);
    put(field, 7, (int) sum.getValue());
    byte[] payload = new byte[plain.length + field.length];
    System.arraycopy(plain, 0, payload, 0, FIRST_BLOCK);
    System.arraycopy(field, 0, payload, FIRST_BLOCK, field.length);
    System.arraycopy(
        plain, FIRST_BLOCK, payload, FIRST_BLOCK + field.length, plain.length - FIRST_BLOCK);
    assertThat(decode(payload, 1000)).isEqualTo(Samples.text(1000));
    payload[FIRST_BLOCK + 5]++;
    assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(payload, 1000));
  }

  private static byte[] sample() {
    return Samples.compressed(CompressionMethod.LZO, Samples.text(1000));
  }

  private static void sum(byte[] payload) {
    Adler32 sum = new Adler32();
    sum.update(payload, 9, HEADER_SUM_OFFSET - 9);
    put(payload, HEADER_SUM_OFFSET, (int) sum.getValue());
  }

  private static void put(byte[] target, int at, int value) {
    for (int i = 0; i < 4; i++) {
      target[at + i] = (byte) (value >> 24 - 8 * i);
    }
  }
}
