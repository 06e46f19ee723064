package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;

class LzmaDifferentialTest {
  private static final int HEADER = 13;
  private static final int DICTIONARY_SIZE = 1;
  private static final int OUTPUT_SIZE = 5;

  private static byte[] decode(byte[] packed, int size) {
    byte[] out = new byte[size];
    int produced = new LzmaDecompressor().decompress(ByteView.of(packed), out, Progress.NONE);
    return Arrays.copyOf(out, produced);
  }

  private static Reason refusal(byte[] packed, int size) {
    KexecException e = catchThrowableOfType(KexecException.class, () -> decode(packed, size));
    assertThat(e).as("a refusal").isNotNull();
    return e.reason();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 7, 8, 9, 100, 4095, 65_536, 65_537, 300_000, 1_000_003})
  void decodesWhatXzForJavaEncoded(int size) {
    byte[] data = XzForJava.mixture(size, size);
    LZMA2Options options = XzForJava.options(3, 0, 2);
    assertThat(decode(XzForJava.lzma(data, true, options), size)).isEqualTo(data);
    assertThat(decode(XzForJava.lzma(data, false, options), size)).isEqualTo(data);
    assertThat(decode(XzForJava.lzma(data, false, options), size + 1000)).isEqualTo(data);
  }

  @Test
  void takesEveryCombinationOfProperties() {
    byte[] data = XzForJava.mixture(1, 20_000);
    for (int lc = 0; lc <= 4; lc++) {
      for (int lp = 0; lp <= 4 - lc; lp++) {
        for (int pb = 0; pb <= 4; pb++) {
          byte[] packed = XzForJava.lzma(data, lc % 2 == 0, XzForJava.options(lc, lp, pb));
          assertThat(decode(packed, data.length))
              .as("lc=%d lp=%d pb=%d", lc, lp, pb)
              .isEqualTo(data);
        }
      }
    }
  }

  /** No encoder here makes these, so one stream is misread in the same way by both decoders. */
  @Test
  void misreadsForeignPropertiesAsTheOracleDoes() {
    byte[] data = XzForJava.mixture(2, 3000);
    byte[] packed = XzForJava.lzma(data, true, XzForJava.options(3, 0, 2));
    for (int properties = 0; properties < 225; properties++) {
      packed[0] = (byte) properties;
      XzForJava.Verdict oracle = XzForJava.unLzma(packed);
      byte[] out = new byte[data.length];
      boolean accepted = true;
      try {
        new LzmaDecompressor().decompress(ByteView.of(packed), out, Progress.NONE);
      } catch (KexecException e) {
        accepted = false;
      }
      int length = oracle.output().length;
      assertThat(accepted).as("properties %d", properties).isEqualTo(oracle.accepted());
      assertThat(Arrays.copyOf(out, length))
          .as("properties %d", properties)
          .isEqualTo(oracle.output());
    }
  }

  @Test
  void takesAnEndMarkerBehindOutputOfKnownSize() {
    byte[] data = XzForJava.mixture(3, 5000);
    byte[] packed = XzForJava.lzma(data, false, XzForJava.options(3, 0, 2));
    putSize(packed, data.length);
    assertThat(decode(packed, data.length)).isEqualTo(data);
  }

  @Test
  void leavesBytesBehindTheStreamAlone() {
    byte[] data = XzForJava.mixture(4, 5000);
    for (boolean known : new boolean[] {true, false}) {
      byte[] packed = XzForJava.lzma(data, known, XzForJava.options(3, 0, 2));
      byte[] padded = Arrays.copyOf(packed, packed.length + 100);
      Arrays.fill(padded, packed.length, padded.length, (byte) 0x5a);
      List<Integer> consumed = new ArrayList<>();
      byte[] out = new byte[data.length];
      new LzmaDecompressor().decompress(ByteView.of(padded), out, (in, at) -> consumed.add(in));
      assertThat(out).isEqualTo(data);
      assertThat(consumed.get(consumed.size() - 1)).isEqualTo(packed.length);
    }
  }

  @Test
  void readsAPartOfAnArray() {
    byte[] data = XzForJava.mixture(5, 70_000);
    byte[] packed = XzForJava.lzma(data, true, XzForJava.options(0, 2, 0));
    for (int behind : new int[] {0, 1, 47, 48, 49, 500}) {
      byte[] array = new byte[21 + packed.length + behind];
      System.arraycopy(packed, 0, array, 21, packed.length);
      byte[] out = new byte[data.length];
      ByteView view = ByteView.of(array, 21, packed.length);
      assertThat(new LzmaDecompressor().decompress(view, out, Progress.NONE)).isEqualTo(out.length);
      assertThat(out).isEqualTo(data);
    }
  }

  @Test
  void refusesEveryTruncation() {
    byte[] data = XzForJava.mixture(6, 2000);
    for (boolean known : new boolean[] {true, false}) {
      byte[] packed = XzForJava.lzma(data, known, XzForJava.options(3, 0, 2));
      for (int length = 0; length < packed.length; length++) {
        assertThat(refusal(Arrays.copyOf(packed, length), data.length))
            .as("%d of %d bytes", length, packed.length)
            .isEqualTo(Reason.TRUNCATED);
      }
    }
  }

  @Test
  void refusesMoreOutputThanFits() {
    byte[] data = XzForJava.mixture(7, 3000);
    for (boolean known : new boolean[] {true, false}) {
      byte[] packed = XzForJava.lzma(data, known, XzForJava.options(3, 0, 2));
      for (int size = 0; size < data.length; size += 7) {
        assertThat(refusal(packed, size)).as("%d bytes", size).isEqualTo(Reason.SIZE_MISMATCH);
      }
    }
  }

  @Test
  void refusesAKnownSizeThatIsNotTheStreams() {
    byte[] data = XzForJava.mixture(8, 3000);
    byte[] packed = XzForJava.lzma(data, false, XzForJava.options(3, 0, 2));
    for (int size : new int[] {0, 1, 1500, 2999, 3001, 4000}) {
      putSize(packed, size);
      assertThat(refusal(packed, 5000)).as("%d bytes", size).isEqualTo(Reason.CORRUPT_PAYLOAD);
    }
    putSize(packed, -2);
    assertThat(refusal(packed, 5000)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    putSize(packed, Long.MAX_VALUE);
    assertThat(refusal(packed, 5000)).isEqualTo(Reason.SIZE_MISMATCH);
  }

  @ParameterizedTest
  @CsvSource({"225", "255"})
  void refusesPropertiesThatNoStreamHas(int properties) {
    byte[] packed = XzForJava.lzma(new byte[10], true, XzForJava.options(3, 0, 2));
    packed[0] = (byte) properties;
    assertThat(refusal(packed, 10)).isEqualTo(Reason.CORRUPT_PAYLOAD);
  }

  @Test
  void refusesACodeThatNoEncoderStartsWith() {
    byte[] packed = XzForJava.lzma(new byte[10], true, XzForJava.options(3, 0, 2));
    byte[] nonZero = packed.clone();
    nonZero[HEADER] = 1;
    assertThat(refusal(nonZero, 10)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    Arrays.fill(packed, HEADER + 1, HEADER + 5, (byte) 0xff);
    assertThat(refusal(packed, 10)).isEqualTo(Reason.CORRUPT_PAYLOAD);
  }

  @Test
  void ignoresTheSizeOfTheDictionary() {
    byte[] data = XzForJava.mixture(9, 100_000);
    byte[] packed = XzForJava.lzma(data, true, XzForJava.options(3, 0, 2));
    Arrays.fill(packed, DICTIONARY_SIZE, OUTPUT_SIZE, (byte) 0xff);
    assertThat(decode(packed, data.length)).isEqualTo(data);
    Arrays.fill(packed, DICTIONARY_SIZE, OUTPUT_SIZE, (byte) 0);
    assertThat(decode(packed, data.length)).isEqualTo(data);
  }

  @Test
  void agreesWithTheOracleOnEveryChangedByte() {
    byte[] data = XzForJava.mixture(10, 900);
    for (boolean known : new boolean[] {true, false}) {
      byte[] packed = XzForJava.lzma(data, known, XzForJava.options(3, 0, 2));
      for (int i = OUTPUT_SIZE; i < packed.length; i++) {
        for (int change : new int[] {0x01, 0x10, 0x80, 0xff}) {
          byte[] changed = packed.clone();
          changed[i] ^= (byte) change;
          compare(changed, String.format("byte %d ^ 0x%02x, size known: %b", i, change, known));
        }
      }
    }
  }

  /** The one known difference: the oracle takes no end marker behind output of known size. */
  private static void compare(byte[] packed, String what) {
    XzForJava.Verdict oracle = XzForJava.unLzma(packed);
    try {
      byte[] out = decode(packed, 1 << 16);
      assertThat(oracle.accepted()).as(what).isTrue();
      assertThat(out).as(what).isEqualTo(oracle.output());
    } catch (KexecException e) {
      assertThat(e.reason())
          .as(what)
          .isIn(Reason.CORRUPT_PAYLOAD, Reason.TRUNCATED, Reason.SIZE_MISMATCH);
      assertThat(oracle.accepted() && oracle.output().length <= 1 << 16).as(what).isFalse();
    }
  }

  private static void putSize(byte[] packed, long size) {
    for (int i = 0; i < 8; i++) {
      packed[OUTPUT_SIZE + i] = (byte) (size >>> 8 * i);
    }
  }
}
