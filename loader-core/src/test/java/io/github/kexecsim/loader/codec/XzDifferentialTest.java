package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.ARM64Options;
import org.tukaani.xz.DeltaOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZ;

class XzDifferentialTest {
  private static final int BLOCK = 12;
  private static final int DICTIONARY_SIZE = 6;

  private static byte[] decode(byte[] packed, int size) {
    byte[] out = new byte[size];
    int produced = new XzDecompressor().decompress(ByteView.of(packed), out, Progress.NONE);
    return Arrays.copyOf(out, produced);
  }

  private static Reason refusal(byte[] packed, int size) {
    KexecException e = catchThrowableOfType(KexecException.class, () -> decode(packed, size));
    assertThat(e).as("a refusal").isNotNull();
    return e.reason();
  }

  /** 64 KiB is the most of a plain chunk, 2 MiB of an LZMA chunk. */
  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, 8, 9, 65_535, 65_536, 65_537, 131_073, (1 << 21) - 1, 1 << 21, (1 << 21) + 1})
  void decodesSizesAroundTheBordersOfChunks(int size) {
    byte[] mixture = XzForJava.mixture(size, size);
    assertThat(decode(XzForJava.xz(mixture), size)).isEqualTo(mixture);
    byte[] noise = new byte[size];
    new SplittableRandom(size).nextBytes(noise);
    assertThat(decode(XzForJava.xz(noise), size)).isEqualTo(noise);
    byte[] zeros = new byte[size];
    assertThat(decode(XzForJava.xz(zeros), size + 17)).isEqualTo(zeros);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 6, 9})
  void decodesEveryPreset(int preset) throws IOException {
    byte[] data = XzForJava.mixture(preset, 500_000);
    byte[] packed = XzForJava.xz(data, XZ.CHECK_CRC64, new LZMA2Options(preset));
    assertThat(decode(packed, data.length)).isEqualTo(data);
  }

  @Test
  void takesEveryCombinationOfProperties() {
    byte[] data = XzForJava.mixture(1, 20_000);
    for (int lc = 0; lc <= 4; lc++) {
      for (int lp = 0; lp <= 4 - lc; lp++) {
        for (int pb = 0; pb <= 4; pb++) {
          byte[] packed = XzForJava.xz(data, XZ.CHECK_NONE, XzForJava.options(lc, lp, pb));
          assertThat(decode(packed, data.length))
              .as("lc=%d lp=%d pb=%d", lc, lp, pb)
              .isEqualTo(data);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {XZ.CHECK_NONE, XZ.CHECK_CRC32, XZ.CHECK_CRC64, XZ.CHECK_SHA256})
  void verifiesEveryCheck(int check) {
    byte[] data = XzForJava.mixture(check, 30_001);
    byte[] packed = XzForJava.xz(data, 10_000, check, new X86Options(), new LZMA2Options());
    assertThat(decode(packed, data.length)).isEqualTo(data);
  }

  @Test
  void decodesPlainChunksBetweenOthers() {
    byte[] data = XzForJava.mixture(2, 3_000_000);
    SplittableRandom random = new SplittableRandom(3);
    for (int at = 0; at < data.length; at += 500_000) {
      byte[] noise = new byte[random.nextInt(300_000)];
      random.nextBytes(noise);
      System.arraycopy(noise, 0, data, at, noise.length);
    }
    assertThat(decode(XzForJava.xz(data), data.length)).isEqualTo(data);
  }

  @Test
  void decodesBlocksThatHaveNothingInCommon() {
    byte[] data = XzForJava.mixture(4, 100_000);
    for (int blockSize : new int[] {1, 999, 33_333, 99_999}) {
      byte[] part = blockSize == 1 ? Arrays.copyOf(data, 300) : data;
      byte[] packed =
          XzForJava.xz(part, blockSize, XZ.CHECK_CRC32, new ARM64Options(), new LZMA2Options());
      assertThat(decode(packed, part.length)).as("blocks of %d", blockSize).isEqualTo(part);
    }
  }

  @Test
  void undoesChainsOfFilters() throws IOException {
    byte[] data = XzForJava.mixture(5, 50_000);
    byte[] packed =
        XzForJava.xz(
            data,
            XZ.CHECK_CRC32,
            new DeltaOptions(3),
            new X86Options(),
            new ARM64Options(),
            new LZMA2Options());
    assertThat(decode(packed, data.length)).isEqualTo(data);
  }

  @Test
  void stopsAtTheEndOfTheFirstStream() {
    byte[] data = XzForJava.mixture(6, 5000);
    byte[] packed = XzForJava.xz(data);
    byte[] twice = Arrays.copyOf(packed, 2 * packed.length + 4);
    System.arraycopy(packed, 0, twice, packed.length + 4, packed.length);
    List<Integer> consumed = new ArrayList<>();
    byte[] out = new byte[2 * data.length];
    int produced =
        new XzDecompressor().decompress(ByteView.of(twice), out, (in, at) -> consumed.add(in));
    assertThat(Arrays.copyOf(out, produced)).isEqualTo(data);
    assertThat(consumed.get(consumed.size() - 1)).isEqualTo(packed.length);
  }

  @Test
  void showsProgressThatNeverTakesBytesBack() {
    byte[] data = XzForJava.mixture(7, 3_000_000);
    byte[] plain = XzForJava.xz(data);
    byte[] filtered = XzForJava.xz(data, XZ.CHECK_CRC32, new ARM64Options(), new LZMA2Options());
    for (byte[] packed : List.of(plain, filtered)) {
      byte[] out = new byte[data.length];
      int[] last = new int[2];
      new XzDecompressor()
          .decompress(
              ByteView.of(packed),
              out,
              (consumed, produced) -> {
                assertThat(consumed).isBetween(last[0], packed.length);
                assertThat(produced).isBetween(last[1], last[1] + Progress.STEP);
                assertThat(Arrays.equals(out, last[1], produced, data, last[1], produced)).isTrue();
                last[0] = consumed;
                last[1] = produced;
              });
      assertThat(last).containsExactly(packed.length, data.length);
    }
  }

  @Test
  void stopsWhenProgressThrows() {
    byte[] packed = XzForJava.xz(XzForJava.mixture(8, 1_000_000));
    IllegalStateException stop = new IllegalStateException("enough");
    Progress impatient =
        (consumed, produced) -> {
          if (produced > 100_000) {
            throw stop;
          }
        };
    assertThatThrownBy(
            () ->
                new XzDecompressor()
                    .decompress(ByteView.of(packed), new byte[1_000_000], impatient))
        .isSameAs(stop);
  }

  @Test
  void readsAPartOfAnArray() {
    byte[] data = XzForJava.mixture(9, 70_000);
    byte[] packed = XzForJava.xz(data);
    byte[] array = new byte[21 + packed.length];
    System.arraycopy(packed, 0, array, 21, packed.length);
    byte[] out = new byte[data.length];
    ByteView view = ByteView.of(array, 21, packed.length);
    assertThat(new XzDecompressor().decompress(view, out, Progress.NONE)).isEqualTo(out.length);
    assertThat(out).isEqualTo(data);
  }

  @Test
  void refusesEveryTruncation() {
    byte[] data = XzForJava.mixture(10, 2000);
    byte[] packed = XzForJava.xz(data, 700, XZ.CHECK_SHA256, new LZMA2Options());
    for (int length = 0; length < packed.length; length++) {
      assertThat(refusal(Arrays.copyOf(packed, length), data.length))
          .as("%d of %d bytes", length, packed.length)
          .isEqualTo(Reason.TRUNCATED);
    }
  }

  @Test
  void refusesMoreOutputThanFits() {
    byte[] data = XzForJava.mixture(11, 3000);
    byte[] packed = XzForJava.xz(data, 1000, XZ.CHECK_CRC32, new LZMA2Options());
    for (int size = 0; size < data.length; size += 7) {
      assertThat(refusal(packed, size)).as("%d bytes", size).isEqualTo(Reason.SIZE_MISMATCH);
    }
  }

  @Test
  void agreesWithTheOracleOnEveryChangedByte() {
    byte[] data = XzForJava.mixture(12, 700);
    for (int check : new int[] {XZ.CHECK_NONE, XZ.CHECK_CRC64}) {
      byte[] packed = XzForJava.xz(data, 400, check, new X86Options(), new LZMA2Options());
      for (int i = 0; i < packed.length; i++) {
        for (int change : new int[] {0x01, 0x02, 0x10, 0x80, 0xff}) {
          byte[] changed = packed.clone();
          changed[i] ^= (byte) change;
          compare(changed, String.format("byte %d ^ 0x%02x, check %d", i, change, check));
        }
      }
    }
  }

  /** Headers are under CRCs, so that the changes above rarely get further than those. */
  @Test
  void agreesWithTheOracleOnEveryChangedByteOfABlockHeader() {
    byte[] data = XzForJava.mixture(13, 400);
    byte[] packed = XzForJava.xz(data, XZ.CHECK_CRC32, new X86Options(), new LZMA2Options());
    int size = (packed[BLOCK] + 1) * 4;
    for (int i = BLOCK; i < BLOCK + size - 4; i++) {
      for (int value = 0; value < 256; value++) {
        byte[] changed = packed.clone();
        changed[i] = (byte) value;
        putCrc(changed, BLOCK, size - 4);
        // The oracle allocates the dictionary that the header tells, and refuses 2 GiB.
        if (i != BLOCK + DICTIONARY_SIZE || value < 20 || value > 40) {
          compare(changed, String.format("block header byte %d = 0x%02x", i - BLOCK, value));
        }
      }
    }
  }

  @Test
  void agreesWithTheOracleOnEveryControlByte() {
    byte[] data = XzForJava.mixture(14, 400);
    byte[] packed = XzForJava.xz(data, XZ.CHECK_CRC32, new LZMA2Options());
    int chunk = BLOCK + (packed[BLOCK] + 1) * 4;
    for (int control = 0; control < 256; control++) {
      byte[] changed = packed.clone();
      changed[chunk] = (byte) control;
      compare(changed, String.format("control byte 0x%02x", control));
    }
  }

  /** Chunks that need what no chunk before them has brought. */
  @Test
  void refusesChunksInAnOrderThatNoEncoderWrites() {
    byte[] data = XzForJava.mixture(15, 300);
    byte[] packed = XzForJava.xz(data, XZ.CHECK_CRC32, new LZMA2Options());
    int chunk = BLOCK + (packed[BLOCK] + 1) * 4;
    for (int control : new int[] {0x02, 0x80, 0xa0, 0xc0}) {
      byte[] changed = packed.clone();
      changed[chunk] = (byte) control;
      assertThat(refusal(changed, 100_000)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    }
  }

  @Test
  void refusesReservedAndUnknownFlags() {
    byte[] packed = XzForJava.xz(new byte[100]);
    for (int value : new int[] {0x0001, 0x0f00, 0x0200, 0x1100}) {
      byte[] changed = packed.clone();
      changed[6] = (byte) value;
      changed[7] = (byte) (value >>> 8);
      putCrc(changed, 6, 2);
      assertThat(refusal(changed, 100)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    }
  }

  @Test
  void refusesAnIndexOfOtherBlocks() {
    byte[] first = XzForJava.xz(XzForJava.mixture(16, 1000));
    byte[] second = XzForJava.xz(XzForJava.mixture(17, 1001));
    int indexOfFirst = first.length - 12 - indexSize(first);
    ByteArrayOutputStream swapped = new ByteArrayOutputStream();
    swapped.write(first, 0, indexOfFirst);
    int indexOfSecond = second.length - 12 - indexSize(second);
    swapped.write(second, indexOfSecond, second.length - indexOfSecond);
    assertThat(refusal(swapped.toByteArray(), 1000)).isEqualTo(Reason.CORRUPT_PAYLOAD);
  }

  private static int indexSize(byte[] packed) {
    return (int) (ByteView.of(packed).u32le(packed.length - 8) + 1) * 4;
  }

  @Test
  void decodesTheKernelOfAZboot() throws Exception {
    Path image =
        Path.of(System.getProperty("kexecsim.images", "")).resolve("tiny61-arm64-xz.zboot");
    assumeTrue(Files.exists(image), () -> "skipped: no real image at " + image);
    ByteView payload = ByteView.of(Files.readAllBytes(image)).slice(13_536, 1_226_968);
    byte[] kernel = new byte[4_190_720];
    assertThat(new XzDecompressor().decompress(payload, kernel, Progress.NONE))
        .isEqualTo(kernel.length);
    assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(kernel)))
        .isEqualTo("d86c1e853a1d256a01f89d4f51d527fed9e9a31983a3f819a8f11dec8f1dedc5");
  }

  private static void compare(byte[] packed, String what) {
    XzForJava.Verdict oracle = XzForJava.unXz(packed);
    try {
      byte[] out = decode(packed, 1 << 16);
      assertThat(oracle.accepted()).as(what).isTrue();
      assertThat(out).as(what).isEqualTo(oracle.output());
    } catch (KexecException e) {
      assertThat(e.reason())
          .as(what)
          .isIn(Reason.CORRUPT_PAYLOAD, Reason.TRUNCATED, Reason.SIZE_MISMATCH);
      assertThat(oracle.accepted()).as(what).isFalse();
    }
  }

  private static void putCrc(byte[] bytes, int from, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, length);
    for (int i = 0; i < 4; i++) {
      bytes[from + length + i] = (byte) (crc.getValue() >>> 8 * i);
    }
  }
}
