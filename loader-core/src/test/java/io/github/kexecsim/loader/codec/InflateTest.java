package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Raw DEFLATE streams, with {@link Inflater} as the other opinion. */
class InflateTest {
  private static final int[] SIZES = {
    0, 1, 2, 3, 7, 100, 257, 258, 259, 300, 319, 320, 321, 360, 1000, 65535, 65536, 300_000
  };

  @ParameterizedTest
  @EnumSource
  void decodesWhateverDeflaterMakes(CompressibleBytes shape) throws Exception {
    for (int size : SIZES) {
      byte[] data = shape.make(size, size);
      for (int level = 0; level <= 9; level++) {
        assertDecodes(deflate(data, level, Deflater.DEFAULT_STRATEGY), data);
      }
      assertDecodes(deflate(data, 9, Deflater.HUFFMAN_ONLY), data);
      assertDecodes(deflate(data, 9, Deflater.FILTERED), data);
    }
  }

  @ParameterizedTest
  @EnumSource
  void decodesFlushedStreams(CompressibleBytes shape) {
    SplittableRandom random = new SplittableRandom(3);
    byte[] data = shape.make(50_000, 4);
    Deflater deflater = new Deflater(6, true);
    byte[] room = new byte[100_000];
    int size = 0;
    for (int i = 0; i < data.length; ) {
      int length = Math.min(data.length - i, 1 + random.nextInt(3000));
      deflater.setInput(data, i, length);
      int mode = random.nextBoolean() ? Deflater.FULL_FLUSH : Deflater.SYNC_FLUSH;
      size += deflater.deflate(room, size, room.length - size, mode);
      i += length;
    }
    deflater.finish();
    size += deflater.deflate(room, size, room.length - size);
    deflater.end();
    assertDecodes(Arrays.copyOf(room, size), data);
  }

  @Test
  void copiesOverlappingMatches() throws Exception {
    for (int distance = 1; distance <= 64; distance++) {
      byte[] seed = CompressibleBytes.NOISE.make(distance, distance);
      for (int length : new int[] {3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 100, 257, 258}) {
        BitWriter writer = new BitWriter().lowFirst(1, 1).lowFirst(1, 2);
        for (byte literal : seed) {
          fixedLiteral(writer, literal & 0xff);
        }
        // Once with room behind, where words are copied, and once at the very end.
        for (int i = 0; i < 4; i++) {
          fixedMatch(writer, length, distance);
        }
        fixedLiteral(writer, 0xa5);
        fixedMatch(writer, length, distance);
        byte[] stream = writer.lowFirst(0, 7).lowFirstBytes();
        byte[] padded = Arrays.copyOf(stream, stream.length + 400);
        byte[] expected = inflate(stream, 2000);
        assertThat(expected).hasSize(distance + 5 * length + 1);
        assertThat(decode(stream, expected.length)).isEqualTo(expected);
        assertThat(decode(padded, expected.length)).isEqualTo(expected);
        assertThat(Arrays.copyOf(decode(padded, 2000), expected.length)).isEqualTo(expected);
      }
    }
  }

  @Test
  void refusesADistanceBeforeTheStart() {
    for (int distance : new int[] {2, 3, 100, 32768}) {
      BitWriter writer = new BitWriter().lowFirst(1, 1).lowFirst(1, 2);
      fixedLiteral(writer, 'a');
      fixedMatch(writer, 10, distance);
      byte[] stream = writer.lowFirst(0, 7).lowFirstBytes();
      assertThat(reason(stream, 1000)).isEqualTo(Reason.CORRUPT_PAYLOAD);
      assertThat(reason(Arrays.copyOf(stream, 500), 1000)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {286, 287})
  void refusesLengthSymbolsThatMeanNothing(int symbol) {
    byte[] stream =
        new BitWriter()
            .lowFirst(1, 1)
            .lowFirst(1, 2)
            .highFirst(0b11000000 + symbol - 280, 8)
            .lowFirst(0, 40)
            .lowFirstBytes();
    assertThat(reason(stream, 1000)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    assertThat(reason(Arrays.copyOf(stream, 500), 1000)).isEqualTo(Reason.CORRUPT_PAYLOAD);
  }

  @ParameterizedTest
  @ValueSource(ints = {30, 31})
  void refusesDistanceSymbolsThatMeanNothing(int symbol) {
    BitWriter writer = new BitWriter().lowFirst(1, 1).lowFirst(1, 2);
    fixedLiteral(writer, 'a');
    byte[] stream = writer.highFirst(1, 7).highFirst(symbol, 5).lowFirst(0, 40).lowFirstBytes();
    assertThat(reason(stream, 1000)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    assertThat(reason(Arrays.copyOf(stream, 500), 1000)).isEqualTo(Reason.CORRUPT_PAYLOAD);
  }

  @Test
  void refusesTheReservedBlockType() {
    assertThat(reason(new byte[] {7, 0, 0}, 10)).isEqualTo(Reason.CORRUPT_PAYLOAD);
  }

  @Test
  void refusesAStoredBlockWhoseLengthsDisagree() {
    byte[] stream = {1, 2, 0, (byte) 0xfd, (byte) 0xfe, 'a', 'b'};
    assertThat(reason(stream, 10)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    stream[4] = (byte) 0xff;
    assertThat(decode(stream, 10)).startsWith('a', 'b');
    assertThat(reason(stream, 1)).isEqualTo(Reason.SIZE_MISMATCH);
    assertThat(reason(Arrays.copyOf(stream, 6), 10)).isEqualTo(Reason.TRUNCATED);
  }

  @Test
  void refusesOutputBeyondTheDestination() {
    for (CompressibleBytes shape : CompressibleBytes.values()) {
      byte[] stream = deflate(shape.make(2000, 1), 9, Deflater.DEFAULT_STRATEGY);
      for (int room = 0; room < 2000; room += room < 50 || room > 1600 ? 1 : 50) {
        assertThat(reason(stream, room)).isEqualTo(Reason.SIZE_MISMATCH);
      }
    }
  }

  @Test
  void saysTruncatedForEveryPrefix() {
    for (CompressibleBytes shape : CompressibleBytes.values()) {
      for (int size : new int[] {0, 1, 300, 3000}) {
        byte[] data = shape.make(size, 2);
        for (int level : new int[] {0, 1, 9}) {
          byte[] stream = deflate(data, level, Deflater.DEFAULT_STRATEGY);
          for (int length = 0; length < stream.length; length++) {
            assertThat(reason(Arrays.copyOf(stream, length), size + 500))
                .isEqualTo(Reason.TRUNCATED);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void agreesWithInflaterOnFlippedBits(CompressibleBytes shape) {
    for (int size : new int[] {5, 200, 2500}) {
      for (int level : new int[] {0, 1, 9}) {
        byte[] stream = deflate(shape.make(size, 5), level, Deflater.DEFAULT_STRATEGY);
        for (int bit = 0; bit < Math.min(stream.length * 8, 6000); bit++) {
          stream[bit >>> 3] ^= (byte) (1 << (bit & 7));
          assertAgrees(stream, 4000);
          stream[bit >>> 3] ^= (byte) (1 << (bit & 7));
        }
      }
    }
  }

  @Test
  void agreesWithInflaterOnNoise() {
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 20_000; i++) {
      byte[] stream = new byte[random.nextInt(300)];
      random.nextBytes(stream);
      if (stream.length > 0) {
        // Mostly blocks of fixed codes, which noise can be, and dynamic ones.
        stream[0] = (byte) (stream[0] & ~7 | (random.nextInt(4) == 0 ? 5 : 3));
      }
      assertAgrees(stream, 5000);
    }
  }

  @Test
  void agreesWithInflaterOnCodeSets() {
    SplittableRandom random = new SplittableRandom(7);
    int accepted = 0;
    for (int i = 0; i < 30_000; i++) {
      byte[] stream = dynamicBlock(random);
      accepted += assertAgrees(stream, 5000) ? 1 : 0;
    }
    assertThat(accepted).isGreaterThan(500);
  }

  @Test
  void takesASingleDistanceCodeAndNone() {
    // Two literals of one bit less than the rest, an end; then one distance code, or none.
    for (int distCode = 0; distCode <= 1; distCode++) {
      byte[] litlen = new byte[258];
      litlen['a'] = 1;
      litlen[256] = 2;
      litlen[257] = 2;
      byte[] dist = {(byte) distCode};
      BitWriter writer = dynamicHeader(litlen, dist);
      writer.highFirst(0, 1).highFirst(0, 1);
      assertAgreesFully(writer, new int[][] {{0b10, 2}});
      assertAgreesFully(writer, new int[][] {{0b11, 2}, {0, 1}, {0b10, 2}});
      assertAgreesFully(writer, new int[][] {{0b11, 2}, {1, 1}, {0b10, 2}});
    }
  }

  @Test
  void takesABlockThatCanOnlyEnd() {
    byte[] litlen = new byte[257];
    litlen[256] = 1;
    BitWriter writer = dynamicHeader(litlen, new byte[1]);
    assertAgreesFully(writer, new int[][] {{0, 1}});
    assertAgreesFully(writer, new int[][] {{1, 1}});
  }

  @Test
  void refusesCodeLengthsThatRepeatNothingOrTooMuch() {
    byte[] stream =
        new BitWriter()
            .lowFirst(1, 1)
            .lowFirst(2, 2)
            .lowFirst(0, 5)
            .lowFirst(0, 5)
            .lowFirst(0, 4)
            // 16 and 18 get a bit each.
            .lowFirst(1, 3)
            .lowFirst(0, 3)
            .lowFirst(1, 3)
            .lowFirst(0, 3)
            .lowFirst(0, 300)
            .lowFirstBytes();
    assertThat(reason(stream, 10)).isEqualTo(Reason.CORRUPT_PAYLOAD);
    Arrays.fill(stream, 4, stream.length, (byte) 0xff);
    assertThat(reason(stream, 10)).isEqualTo(Reason.CORRUPT_PAYLOAD);
  }

  @Test
  void tellsItsProgress() {
    byte[] data = CompressibleBytes.INSTRUCTIONS.make(3_000_000, 8);
    for (int level : new int[] {0, 1, 9}) {
      byte[] stream = deflate(data, level, Deflater.DEFAULT_STRATEGY);
      byte[] payload = Arrays.copyOf(stream, stream.length + 5);
      byte[] out = new byte[data.length];
      int[] before = new int[2];
      Progress progress =
          (consumed, produced) -> {
            assertThat(consumed).isBetween(before[0], stream.length);
            assertThat(produced).isBetween(before[1], before[1] + Progress.STEP);
            assertThat(out[Math.max(0, produced - 1)]).isEqualTo(data[Math.max(0, produced - 1)]);
            before[0] = consumed;
            before[1] = produced;
          };
      Inflate inflate = new Inflate(ByteView.of(payload), 0, out, progress);
      assertThat(inflate.run()).isEqualTo(data.length);
      assertThat(inflate.consumed()).isEqualTo(stream.length);
    }
  }

  @Test
  void leavesZerosBehindTheOutput() {
    for (CompressibleBytes shape : CompressibleBytes.values()) {
      for (int size : new int[] {0, 10, 1000, 100_000}) {
        byte[] stream = deflate(shape.make(size, 9), 9, Deflater.DEFAULT_STRATEGY);
        byte[] out = new byte[size + 1000];
        int produced = new Inflate(ByteView.of(stream), 0, out, Progress.NONE).run();
        assertThat(produced).isEqualTo(size);
        assertThat(Arrays.copyOfRange(out, size, out.length)).containsOnly(0);
      }
    }
  }

  private static void assertDecodes(byte[] stream, byte[] data) {
    // The stream stands within a larger array whose other bytes must not matter.
    byte[] array = new byte[stream.length + 20];
    Arrays.fill(array, (byte) 0xff);
    System.arraycopy(stream, 0, array, 9, stream.length);
    ByteView payload = ByteView.of(array, 9, stream.length);
    byte[] out = new byte[data.length];
    Inflate inflate = new Inflate(payload, 0, out, Progress.NONE);
    assertThat(inflate.run()).isEqualTo(data.length);
    assertThat(out).isEqualTo(data);
    assertThat(inflate.consumed()).isEqualTo(stream.length);
    byte[] larger = new byte[data.length + 500];
    assertThat(new Inflate(payload, 0, larger, Progress.NONE).run()).isEqualTo(data.length);
    assertThat(larger).isEqualTo(Arrays.copyOf(data, larger.length));
  }

  private static void assertAgreesFully(BitWriter header, int[][] codes) {
    BitWriter writer = new BitWriter();
    byte[] bytes = header.lowFirstBytes();
    for (int i = 0; i < header.size(); i++) {
      writer.lowFirst(bytes[i >>> 3] >>> (i & 7), 1);
    }
    for (int[] code : codes) {
      writer.highFirst(code[0], code[1]);
    }
    byte[] stream = writer.lowFirstBytes();
    assertAgrees(stream, 2000);
    // With input behind the end, the fast loop sees it.
    assertAgrees(Arrays.copyOf(stream, stream.length + 100), 2000);
  }

  /** Whether both took the stream, once it is sure that they are of one mind. */
  private static boolean assertAgrees(byte[] stream, int room) {
    byte[] expected;
    try {
      expected = inflate(stream, room);
    } catch (DataFormatException e) {
      expected = null;
    }
    byte[] out = new byte[room];
    byte[] actual;
    try {
      int size = new Inflate(ByteView.of(stream), 0, out, Progress.NONE).run();
      actual = Arrays.copyOf(out, size);
    } catch (KexecException e) {
      assertThat(e.reason()).isIn(Reason.TRUNCATED, Reason.CORRUPT_PAYLOAD, Reason.SIZE_MISMATCH);
      actual = null;
    }
    assertThat(actual).isEqualTo(expected);
    return actual != null;
  }

  private static byte[] decode(byte[] stream, int room) {
    byte[] out = new byte[room];
    new Inflate(ByteView.of(stream), 0, out, Progress.NONE).run();
    return out;
  }

  private static Reason reason(byte[] stream, int room) {
    KexecException e = catchThrowableOfType(KexecException.class, () -> decode(stream, room));
    return e == null ? null : e.reason();
  }

  static byte[] deflate(byte[] data, int level, int strategy) {
    Deflater deflater = new Deflater(level, true);
    deflater.setStrategy(strategy);
    deflater.setInput(data);
    deflater.finish();
    byte[] room = new byte[data.length + data.length / 8 + 100];
    int size = 0;
    while (!deflater.finished()) {
      size += deflater.deflate(room, size, room.length - size);
    }
    deflater.end();
    return Arrays.copyOf(room, size);
  }

  private static byte[] inflate(byte[] stream, int room) throws DataFormatException {
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(stream);
      byte[] out = new byte[room + 1];
      int size = 0;
      while (!inflater.finished()) {
        int more = inflater.inflate(out, size, out.length - size);
        size += more;
        if (more == 0 && !inflater.finished()) {
          throw new DataFormatException("input or room lacking");
        }
      }
      if (size > room) {
        throw new DataFormatException("room lacking");
      }
      return Arrays.copyOf(out, size);
    } finally {
      inflater.end();
    }
  }

  private static void fixedLiteral(BitWriter writer, int literal) {
    if (literal < 144) {
      writer.highFirst(0x30 + literal, 8);
    } else {
      writer.highFirst(0x190 + literal - 144, 9);
    }
  }

  private static void fixedMatch(BitWriter writer, int length, int distance) {
    int symbol = 0;
    int base = 3;
    while (symbol < 28 && base + (1 << lengthExtra(symbol)) <= length) {
      base += 1 << lengthExtra(symbol++);
    }
    if (length == 258) {
      symbol = 28;
      base = 258;
    }
    if (symbol < 23) {
      writer.highFirst(symbol + 1, 7);
    } else {
      writer.highFirst(0xc0 + symbol - 23, 8);
    }
    writer.lowFirst(length - base, symbol == 28 ? 0 : lengthExtra(symbol));
    int code = 0;
    int from = 1;
    while (from + (1 << distExtra(code)) <= distance) {
      from += 1 << distExtra(code++);
    }
    writer.highFirst(code, 5).lowFirst(distance - from, distExtra(code));
  }

  private static int lengthExtra(int symbol) {
    return symbol < 8 ? 0 : (symbol - 4) / 4;
  }

  private static int distExtra(int code) {
    return code < 4 ? 0 : (code - 2) / 2;
  }

  /** A dynamic block's header in which every code length is written out with four bits. */
  private static BitWriter dynamicHeader(byte[] litlen, byte[] dist) {
    BitWriter writer = new BitWriter().lowFirst(1, 1).lowFirst(2, 2);
    writer.lowFirst(litlen.length - 257, 5).lowFirst(dist.length - 1, 5).lowFirst(15, 4);
    for (int i = 0; i < 19; i++) {
      writer.lowFirst(i < 3 ? 0 : 4, 3);
    }
    for (byte[] lengths : List.of(litlen, dist)) {
      for (byte length : lengths) {
        writer.highFirst(length, 4);
      }
    }
    return writer;
  }

  /** A block of more or less complete codes, long ones among them, and noise to decode. */
  private static byte[] dynamicBlock(SplittableRandom random) {
    byte[] litlen = new byte[257 + random.nextInt(30)];
    byte[] dist = new byte[1 + random.nextInt(30)];
    split(litlen, random);
    split(dist, random);
    if (random.nextInt(4) == 0) {
      litlen[random.nextInt(litlen.length)] = (byte) random.nextInt(16);
    }
    if (random.nextInt(4) == 0) {
      dist[random.nextInt(dist.length)] = (byte) random.nextInt(16);
    }
    BitWriter writer = dynamicHeader(litlen, dist);
    for (int i = random.nextInt(60); i > 0; i--) {
      writer.lowFirst(random.nextLong(), 64);
    }
    return writer.lowFirstBytes();
  }

  /** Makes a complete set of codes by splitting codes at random. */
  private static void split(byte[] lengths, SplittableRandom random) {
    List<Integer> codes = new ArrayList<>(List.of(0));
    int wanted = 1 + random.nextInt(lengths.length);
    boolean deep = random.nextBoolean();
    while (codes.size() < wanted) {
      int at = deep && random.nextInt(3) > 0 ? codes.size() - 1 : random.nextInt(codes.size());
      int length = codes.get(at) + 1;
      if (length > 15) {
        break;
      }
      codes.set(at, length);
      codes.add(length);
    }
    for (int length : codes) {
      lengths[random.nextInt(4) == 0 ? lengths.length - 1 : random.nextInt(lengths.length)] = 0;
      int at = random.nextInt(lengths.length);
      while (lengths[at] != 0) {
        at = (at + 1) % lengths.length;
      }
      lengths[at] = (byte) length;
    }
    if (lengths.length > 256 && lengths[256] == 0) {
      for (int i = 0; i < lengths.length; i++) {
        if (lengths[i] != 0) {
          lengths[256] = lengths[i];
          lengths[i] = 0;
          break;
        }
      }
    }
  }
}
