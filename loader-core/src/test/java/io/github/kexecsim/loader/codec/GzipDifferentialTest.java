package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GzipDifferentialTest {
  private static final byte[] DATA = CompressibleBytes.TEXT.make(1000, 1);

  private final GzipDecompressor gzip = new GzipDecompressor();

  @Test
  void decodesARealKernel() throws IOException {
    Path image = Path.of(System.getProperty("kexecsim.images", ""), "tiny72-arm64.Image");
    assumeTrue(Files.exists(image), "no real images beside the checkout");
    byte[] data = Files.readAllBytes(image);
    byte[] stream = member(data, 0, new byte[0]);
    assertThat(decode(stream, data.length)).isEqualTo(data);
  }

  @Test
  void decodesWhatTheJdkWrites() throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(stream)) {
      out.write(DATA);
    }
    assertThat(decode(stream.toByteArray(), DATA.length)).isEqualTo(DATA);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 4, 8, 16, 6, 12, 31})
  void passesOverTheHeader(int flags) {
    ByteArrayOutputStream fields = new ByteArrayOutputStream();
    if ((flags & 4) != 0) {
      fields.writeBytes(new byte[] {5, 0, 1, 0, 2, 0, 3});
    }
    if ((flags & 8) != 0) {
      fields.writeBytes(new byte[] {'I', 'm', 'a', 'g', 'e', 0});
    }
    if ((flags & 16) != 0) {
      fields.writeBytes(new byte[] {0});
    }
    byte[] stream = member(DATA, flags, fields.toByteArray());
    assertThat(decode(stream, DATA.length)).isEqualTo(DATA);
    for (int length = 0; length < 30; length++) {
      assertThat(reason(Arrays.copyOf(stream, length))).isEqualTo(Reason.TRUNCATED);
    }
    if ((flags & 2) != 0) {
      stream[4] ^= 1;
      assertThat(reason(stream)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    }
  }

  @Test
  void refusesOtherFormats() {
    for (int at : new int[] {0, 1, 2}) {
      byte[] stream = member(DATA, 0, new byte[0]);
      stream[at]++;
      assertThat(reason(stream)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    }
    assertThat(reason(member(DATA, 0x20, new byte[0]))).isEqualTo(Reason.CORRUPT_PAYLOAD);
  }

  @Test
  void saysTruncatedForEveryPrefix() {
    byte[] stream = member(DATA, 0, new byte[0]);
    for (int length = 0; length < stream.length; length++) {
      assertThat(reason(Arrays.copyOf(stream, length))).isEqualTo(Reason.TRUNCATED);
    }
  }

  @Test
  void refusesEveryFlippedBitThatCounts() {
    byte[] stream = member(DATA, 0, new byte[0]);
    for (int bit = 0; bit < stream.length * 8; bit++) {
      if (bit >= 24 && bit < 80) {
        continue; // flags, time and system: no part of the data
      }
      stream[bit >>> 3] ^= (byte) (1 << (bit & 7));
      byte[] out = new byte[DATA.length + 100];
      try {
        int size = gzip.decompress(ByteView.of(stream), out, Progress.NONE);
        assertThat(Arrays.copyOf(out, size)).isEqualTo(DATA);
      } catch (KexecException e) {
        assertThat(e.reason()).isIn(Reason.CORRUPT_PAYLOAD, Reason.TRUNCATED, Reason.SIZE_MISMATCH);
      }
      stream[bit >>> 3] ^= (byte) (1 << (bit & 7));
    }
  }

  @Test
  void checksBothNumbersOfTheTrailer() {
    for (int behind = 1; behind <= 8; behind++) {
      byte[] stream = member(DATA, 0, new byte[0]);
      stream[stream.length - behind] ^= 0x40;
      assertThat(reason(stream)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    }
  }

  @Test
  void stopsBehindTheFirstMember() {
    byte[] stream = member(DATA, 0, new byte[0]);
    byte[] payload = Arrays.copyOf(stream, stream.length * 2);
    System.arraycopy(stream, 0, payload, stream.length, stream.length);
    AtomicInteger consumed = new AtomicInteger();
    byte[] out = new byte[DATA.length];
    int size = gzip.decompress(ByteView.of(payload), out, (in, produced) -> consumed.set(in));
    assertThat(size).isEqualTo(DATA.length);
    assertThat(out).isEqualTo(DATA);
    assertThat(consumed).hasValue(stream.length);
  }

  private byte[] decode(byte[] stream, int size) {
    byte[] out = new byte[size];
    assertThat(gzip.decompress(ByteView.of(stream), out, Progress.NONE)).isEqualTo(size);
    return out;
  }

  private Reason reason(byte[] stream) {
    KexecException e =
        catchThrowableOfType(KexecException.class, () -> decode(stream, DATA.length));
    return e == null ? null : e.reason();
  }

  /**
   * A member with the optional header fields given, and the header's CRC where flags ask for it.
   */
  private static byte[] member(byte[] data, int flags, byte[] fields) {
    byte[] deflated = InflateTest.deflate(data, 9, Deflater.DEFAULT_STRATEGY);
    int header = 10 + fields.length;
    int headerCrc = (flags & 2) != 0 ? 2 : 0;
    ByteBuffer buffer =
        ByteBuffer.allocate(header + headerCrc + deflated.length + 8)
            .order(ByteOrder.LITTLE_ENDIAN);
    buffer.putShort((short) 0x8b1f).put((byte) 8).put((byte) flags);
    buffer.putInt(0).putShort((short) 0x0302).put(fields);
    if (headerCrc != 0) {
      buffer.putShort((short) crc(Arrays.copyOf(buffer.array(), header)));
    }
    return buffer.put(deflated).putInt(crc(data)).putInt(data.length).array();
  }

  private static int crc(byte[] data) {
    CRC32 crc = new CRC32();
    crc.update(data);
    return (int) crc.getValue();
  }
}
