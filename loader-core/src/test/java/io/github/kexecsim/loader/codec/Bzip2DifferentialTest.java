package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class Bzip2DifferentialTest {
  private static final int[] SIZES = {
    0, 1, 2, 3, 4, 5, 6, 100, 254, 255, 256, 257, 258, 259, 260, 1000, 99_980, 99_981, 100_000,
    100_001, 450_000
  };

  @ParameterizedTest
  @EnumSource
  void decodesWhateverCommonsCompressMakes(CompressibleBytes shape) throws IOException {
    for (int size : SIZES) {
      byte[] data = shape.make(size, size);
      for (int level : new int[] {1, 2, 9}) {
        byte[] stream = compress(data, level);
        for (int threads = 1; threads <= 3; threads++) {
          assertThat(decode(stream, size, threads)).isEqualTo(data);
        }
      }
    }
  }

  @Test
  void decodesARealKernel() throws IOException {
    Path image = Path.of(System.getProperty("kexecsim.images", ""), "tiny72-arm64.Image");
    assumeTrue(Files.exists(image), "no real images beside the checkout");
    byte[] data = Files.readAllBytes(image);
    byte[] stream = compress(data, 9);
    for (int threads = 1; threads <= 4; threads++) {
      assertThat(decode(stream, data.length, threads)).isEqualTo(data);
    }
  }

  @Test
  void unpacksRunsOfEveryLength() throws IOException {
    for (int length = 0;
        length < 1100;
        length += length < 20 || length > 240 && length < 280 ? 1 : 37) {
      byte[] data = new byte[length + 2];
      Arrays.fill(data, 1, length + 1, (byte) 'r');
      assertThat(decode(compress(data, 1), data.length, 1)).isEqualTo(data);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void aMagicWithinABlockChangesNothing(int threads) {
    byte[] stream = streamWithAFalseMagic();
    assertThat(new Bzip2Magics(ByteView.of(stream), 33).advance()).isTrue();
    assertThat(decode(stream, 4, threads)).isEqualTo(new byte[] {'a', 'b', 'a', 'b'});
  }

  @Test
  void findsEveryMagicAtEveryBit() {
    for (int before = 0; before < 80; before++) {
      BitWriter writer = new BitWriter().highFirst(0, before % 64).highFirst(0, before / 64 * 16);
      byte[] bytes = writer.highFirst(Bzip2Block.MAGIC, 48).highFirstBytes();
      Bzip2Magics magics = new Bzip2Magics(ByteView.of(bytes), 0);
      assertThat(magics.advance()).isTrue();
      assertThat(magics.bit()).isEqualTo(writer.size() - 48);
      assertThat(magics.advance()).isFalse();
      Bzip2Magics behind = new Bzip2Magics(ByteView.of(bytes), magics.bit() + 1);
      assertThat(behind.advance()).isFalse();
    }
  }

  @Test
  void saysTruncatedForEveryPrefix() throws IOException {
    for (CompressibleBytes shape : CompressibleBytes.values()) {
      for (int size : new int[] {0, 10, 1000}) {
        byte[] stream = compress(shape.make(size, 2), 1);
        for (int length = 0; length < stream.length; length++) {
          byte[] prefix = Arrays.copyOf(stream, length);
          assertThat(reason(prefix, size + 500, 1)).isEqualTo(Reason.TRUNCATED);
        }
      }
    }
  }

  @Test
  void saysTruncatedWithinLaterBlocks() throws IOException {
    byte[] data = CompressibleBytes.INSTRUCTIONS.make(450_000, 3);
    byte[] stream = compress(data, 1);
    for (int length = stream.length / 2; length < stream.length; length += 9973) {
      for (int threads = 1; threads <= 3; threads++) {
        byte[] prefix = Arrays.copyOf(stream, length);
        assertThat(reason(prefix, data.length, threads)).isEqualTo(Reason.TRUNCATED);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void takesNoFlippedBitThatAnotherRefuses(CompressibleBytes shape) throws IOException {
    byte[] data = shape.make(300, 4);
    byte[] stream = compress(data, 1);
    for (int bit = 0; bit < stream.length * 8; bit++) {
      stream[bit >>> 3] ^= (byte) (0x80 >>> (bit & 7));
      byte[] out = new byte[data.length + 1000];
      try {
        int size = new Bzip2Decompressor(1).decompress(ByteView.of(stream), out, Progress.NONE);
        assertThat(Arrays.copyOf(out, size)).isEqualTo(other(stream)).isEqualTo(data);
      } catch (KexecException e) {
        assertThat(e.reason()).isIn(Reason.TRUNCATED, Reason.CORRUPT_PAYLOAD, Reason.SIZE_MISMATCH);
      }
      stream[bit >>> 3] ^= (byte) (0x80 >>> (bit & 7));
    }
  }

  @Test
  void takesNoDamagedBlockWhereverItIs() throws IOException {
    byte[] data = CompressibleBytes.TEXT.make(450_000, 5);
    byte[] stream = compress(data, 1);
    for (int at = 200; at < stream.length; at += 4999) {
      stream[at] ^= 0x10;
      for (int threads = 1; threads <= 3; threads++) {
        byte[] out = new byte[data.length];
        try {
          new Bzip2Decompressor(threads).decompress(ByteView.of(stream), out, Progress.NONE);
          // In a code that no symbol uses.
          assertThat(out).isEqualTo(data);
        } catch (KexecException e) {
          assertThat(e.reason())
              .isIn(Reason.TRUNCATED, Reason.CORRUPT_PAYLOAD, Reason.SIZE_MISMATCH);
        }
      }
      stream[at] ^= 0x10;
    }
  }

  @Test
  void refusesOutputBeyondTheDestination() throws IOException {
    for (CompressibleBytes shape : CompressibleBytes.values()) {
      byte[] stream = compress(shape.make(700, 6), 1);
      for (int room = 0; room < 700; room++) {
        assertThat(reason(stream, room, 1)).isEqualTo(Reason.SIZE_MISMATCH);
      }
    }
  }

  @Test
  void refusesOtherFormats() {
    assertThat(reason("BZh0 and".getBytes(StandardCharsets.US_ASCII), 10, 1))
        .isEqualTo(Reason.CORRUPT_PAYLOAD);
    assertThat(reason("BZ01 and".getBytes(StandardCharsets.US_ASCII), 10, 1))
        .isEqualTo(Reason.CORRUPT_PAYLOAD);
    assertThat(reason("BZh9 neither".getBytes(StandardCharsets.US_ASCII), 10, 1))
        .isEqualTo(Reason.CORRUPT_PAYLOAD);
  }

  @Test
  void stopsBehindTheFirstStreamAndTellsItsProgress() throws IOException {
    byte[] data = CompressibleBytes.RUNS.make(3_000_000, 7);
    byte[] stream = compress(data, 1);
    byte[] payload = Arrays.copyOf(stream, stream.length * 2);
    System.arraycopy(stream, 0, payload, stream.length, stream.length);
    int[] before = new int[2];
    Progress progress =
        (consumed, produced) -> {
          assertThat(consumed).isBetween(before[0], stream.length);
          assertThat(produced).isBetween(before[1], before[1] + Progress.STEP);
          before[0] = consumed;
          before[1] = produced;
        };
    byte[] out = new byte[data.length + 10];
    int size = new Bzip2Decompressor(2).decompress(ByteView.of(payload), out, progress);
    assertThat(size).isEqualTo(data.length);
    assertThat(out).isEqualTo(Arrays.copyOf(data, out.length));
    assertThat(before).containsExactly(stream.length, data.length);
  }

  @Test
  void leavesNoThreadWhenItIsStopped() throws IOException {
    byte[] data = CompressibleBytes.INSTRUCTIONS.make(3_000_000, 8);
    byte[] stream = compress(data, 1);
    Progress stop =
        (consumed, produced) -> {
          throw new UnsupportedOperationException();
        };
    byte[] out = new byte[data.length];
    catchThrowableOfType(
        UnsupportedOperationException.class,
        () -> new Bzip2Decompressor(3).decompress(ByteView.of(stream), out, stop));
    assertNoThread();
    Thread.currentThread().interrupt();
    try {
      assertThat(reason(stream, data.length, 3)).isEqualTo(Reason.INTERRUPTED);
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
    assertNoThread();
    assertThat(decode(stream, data.length, 3)).isEqualTo(data);
    assertNoThread();
  }

  private static void assertNoThread() {
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("kexec-sim-bzip2"));
  }

  private static byte[] decode(byte[] stream, int size, int threads) {
    byte[] array = new byte[stream.length + 20];
    Arrays.fill(array, (byte) 0x31);
    System.arraycopy(stream, 0, array, 11, stream.length);
    byte[] out = new byte[size];
    ByteView payload = ByteView.of(array, 11, stream.length);
    assertThat(new Bzip2Decompressor(threads).decompress(payload, out, Progress.NONE))
        .isEqualTo(size);
    return out;
  }

  private static Reason reason(byte[] stream, int room, int threads) {
    KexecException e =
        catchThrowableOfType(KexecException.class, () -> decode(stream, room, threads));
    return e == null ? null : e.reason();
  }

  private static byte[] compress(byte[] data, int level) throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    try (BZip2CompressorOutputStream out = new BZip2CompressorOutputStream(stream, level)) {
      out.write(data);
    }
    return stream.toByteArray();
  }

  /**
   * What commons-compress makes of a stream, or null. It takes randomised blocks, which we do not.
   */
  private static byte[] other(byte[] stream) {
    try (BZip2CompressorInputStream in =
        new BZip2CompressorInputStream(new ByteArrayInputStream(stream))) {
      return in.readAllBytes();
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  /** The text "abab" in one block, with a block's magic among selectors that are not needed. */
  private static byte[] streamWithAFalseMagic() {
    BitWriter writer = new BitWriter();
    writer.highFirst('B', 8).highFirst('Z', 8).highFirst('h', 8).highFirst('1', 8);
    int crc = crc(new byte[] {'a', 'b', 'a', 'b'});
    writer.highFirst(Bzip2Block.MAGIC, 48).highFirst(crc, 32).highFirst(0, 1);
    // Rotations sorted: abab, abab, baba, baba; their last column: bbaa; the text's row: 0.
    writer.highFirst(0, 24);
    // Row 6 of the bytes' map, 'a' and 'b' in it; 3 tables; as many selectors as are zeros below.
    writer.highFirst(0x8000 >> 6, 16).highFirst(0x8000 >> 1 | 0x8000 >> 2, 16).highFirst(3, 3);
    int zeros = 48 - Long.bitCount(Bzip2Block.MAGIC);
    writer.highFirst(1 + zeros + 1, 15);
    writer.highFirst(0, 1).highFirst(Bzip2Block.MAGIC, 48).highFirst(0, 1);
    // Each table gives its four symbols two bits.
    for (int table = 0; table < 3; table++) {
      writer.highFirst(2, 5).highFirst(0, 4);
    }
    // b to the front from rank 1, one more; a from rank 1, one more; the end.
    writer.highFirst(2, 2).highFirst(0, 2).highFirst(2, 2).highFirst(0, 2).highFirst(3, 2);
    writer.highFirst(0x1772_4538_5090L, 48).highFirst(crc, 32);
    return writer.highFirstBytes();
  }

  private static int crc(byte[] data) {
    int crc = -1;
    for (byte value : data) {
      crc ^= value << 24;
      for (int i = 0; i < 8; i++) {
        crc = crc << 1 ^ (crc < 0 ? 0x04c1_1db7 : 0);
      }
    }
    return ~crc;
  }
}
