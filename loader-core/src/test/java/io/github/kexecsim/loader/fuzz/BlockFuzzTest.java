package io.github.kexecsim.loader.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.airlift.compress.MalformedInputException;
import io.airlift.compress.lzo.LzoDecompressor;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.error.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What stands inside containers, in a container whose sizes and checksums are right: the fuzzer
 * does not guess those, and so would never get past them.
 */
class BlockFuzzTest {
  private static final byte[] GZIP_HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 2, 3};
  private static final int LZOP_HEADER_SIZE = 38;
  private static final byte[] LZOP_HEADER =
      Arrays.copyOf(
          Compressors.byMethod(CompressionMethod.LZO).compress(ByteView.of(new byte[1])),
          LZOP_HEADER_SIZE);

  private final LzoDecompressor lzoOracle = new LzoDecompressor();

  static List<byte[]> deflated() {
    return CodecSeeds.deflated();
  }

  static List<byte[]> lzoBlocks() {
    return CodecSeeds.contents().stream()
        .filter(content -> content.length > 100)
        .map(BlockFuzzTest::lzoBlock)
        .toList();
  }

  /** The block of an lzop stream of one block, with its decoded size in front. */
  private static byte[] lzoBlock(byte[] content) {
    byte[] stream = Compressors.byMethod(CompressionMethod.LZO).compress(ByteView.of(content));
    byte[] block = Arrays.copyOfRange(stream, LZOP_HEADER_SIZE + 12, stream.length - 4);
    return FuzzBytes.of(block, content.length, content.length >> 8);
  }

  /** zlib and ours accept and refuse the same. */
  @MethodSource("deflated")
  @FuzzTest
  void deflate(byte[] stream) {
    Optional<Oracle.Inflated> expected = Oracle.inflate(stream, Decoding.CAPACITY);
    CRC32 crc = new CRC32();
    expected.ifPresent(inflated -> crc.update(inflated.output()));
    int consumed = expected.map(Oracle.Inflated::consumed).orElse(stream.length);
    byte[] member =
        ByteBuffer.allocate(GZIP_HEADER.length + consumed + 8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(GZIP_HEADER)
            .put(stream, 0, consumed)
            .putInt((int) crc.getValue())
            .putInt(expected.map(inflated -> inflated.output().length).orElse(0))
            .array();
    Decoding ours = Decoding.of(CompressionMethod.GZIP, member);
    if (expected.isPresent()) {
      ours.checkAgainst(expected.get().output());
      assertThat(ours.consumed()).isEqualTo(member.length);
    } else {
      assertThat(ours.output()).isEmpty();
    }
  }

  /** aircompressor and ours accept and refuse the same. */
  @MethodSource("lzoBlocks")
  @FuzzTest
  void lzo1x(byte[] data) {
    FuzzBytes input = new FuzzBytes(data);
    int size = input.u16();
    byte[] block = input.rest();
    if (block.length == 0 || block.length >= size) {
      return;
    }
    byte[] expected = new byte[size];
    boolean accepted = decodes(block, expected);
    Adler32 sum = new Adler32();
    sum.update(expected);
    byte[] stream =
        ByteBuffer.allocate(LZOP_HEADER.length + 12 + block.length + 4)
            .put(LZOP_HEADER)
            .putInt(size)
            .putInt(block.length)
            .putInt((int) sum.getValue())
            .put(block)
            .putInt(0)
            .array();
    Decoding ours = Decoding.of(CompressionMethod.LZO, stream);
    if (accepted) {
      ours.checkAgainst(expected);
    } else {
      assertThat(ours.refusal()).contains(Reason.CORRUPT_PAYLOAD);
    }
  }

  private boolean decodes(byte[] block, byte[] output) {
    try {
      return lzoOracle.decompress(block, 0, block.length, output, 0, output.length)
          == output.length;
    } catch (MalformedInputException refused) {
      return false;
    }
  }

  static List<byte[]> lzma2Streams() {
    return Lzma2Container.seeds();
  }

  /** LZMA2 chunks, and the filters behind them, in an xz stream without a check. */
  @MethodSource("lzma2Streams")
  @FuzzTest
  void lzma2(byte[] data) {
    FuzzBytes input = new FuzzBytes(data);
    int filters = input.u8();
    Lzma2Container container = Lzma2Container.around(input.rest(), filters);
    Decoding ours = Decoding.of(CompressionMethod.XZ, container.stream());
    container.expected().ifPresent(ours::checkAgainst);
  }
}
