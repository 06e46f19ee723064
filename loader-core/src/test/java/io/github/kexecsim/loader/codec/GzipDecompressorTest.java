package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.error.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

final class GzipDecompressorTest extends DecompressorContractTest {
  private static final byte[] CONTENT = Samples.text(500);
  private static final byte[] PLAIN = Samples.compressed(CompressionMethod.GZIP, CONTENT);

  GzipDecompressorTest() {
    super(CompressionMethod.GZIP);
  }

  @Test
  void readsEveryHeaderField() throws IOException {
    for (int flags = 0; flags < 32; flags++) {
      byte[] member = withHeader(flags, 0);
      assertThat(decode(member, CONTENT.length)).as("flags 0x%x", flags).isEqualTo(CONTENT);
      assertThat(new GZIPInputStream(new ByteArrayInputStream(member)).readAllBytes())
          .isEqualTo(CONTENT);
      for (int cut = 0; cut < member.length - PLAIN.length + 10; cut++) {
        byte[] head = Arrays.copyOf(member, cut);
        assertFault(Reason.TRUNCATED, () -> decode(head, CONTENT.length));
      }
    }
  }

  @Test
  void checksTheHeader() {
    assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(withHeader(0x02, 1), CONTENT.length));
    assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(withHeader(0x20, 0), CONTENT.length));
    byte[] notDeflate = PLAIN.clone();
    notDeflate[2] = 7;
    assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(notDeflate, CONTENT.length));
  }

  @Test
  void checksTheTrailer() {
    for (int i = PLAIN.length - 8; i < PLAIN.length; i++) {
      byte[] damaged = PLAIN.clone();
      damaged[i]++;
      assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(damaged, CONTENT.length));
    }
  }

  @Test
  void stopsBehindTheFirstMember() {
    byte[] two = Arrays.copyOf(PLAIN, 2 * PLAIN.length);
    System.arraycopy(PLAIN, 0, two, PLAIN.length, PLAIN.length);
    assertThat(decode(two, 2 * CONTENT.length)).isEqualTo(CONTENT);
  }

  private static byte[] withHeader(int flags, int crcError) {
    ByteArrayOutputStream member = new ByteArrayOutputStream();
    member.writeBytes(HexFormat.of().parseHex("1f8b08"));
    member.write(flags);
    member.writeBytes(HexFormat.of().parseHex("78563412" + "0203"));
    if ((flags & 4) != 0) {
      member.writeBytes(HexFormat.of().parseHex("0300" + "010203"));
    }
    if ((flags & 8) != 0) {
      member.writeBytes("Image\0".getBytes(StandardCharsets.US_ASCII));
    }
    if ((flags & 16) != 0) {
      member.writeBytes("no comment\0".getBytes(StandardCharsets.US_ASCII));
    }
    if ((flags & 2) != 0) {
      CRC32 crc = new CRC32();
      crc.update(member.toByteArray());
      int value = (int) crc.getValue() + crcError;
      member.write(value);
      member.write(value >> 8);
    }
    member.write(PLAIN, 10, PLAIN.length - 10);
    return member.toByteArray();
  }
}
