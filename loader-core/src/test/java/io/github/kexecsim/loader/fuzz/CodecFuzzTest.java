package io.github.kexecsim.loader.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.github.kexecsim.loader.codec.CompressionMethod;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.SingleXZInputStream;

/**
 * Whole streams: each decodes within its bounds or is refused, and what another decoder accepts
 * comes out here as it does there.
 */
class CodecFuzzTest {
  private static final int GZIP_FLAGS = 3;
  private static final int GZIP_HEADER_CRC = 2;
  private static final int GZIP_RESERVED = 0xe0;
  private static final int LZMA_DICTIONARY = 1;
  private static final int ZSTD_MAX_WINDOW_LOG = 20;

  /** What the oracles may take, so that a stream that asks for gigabytes is passed over. */
  private static final int ORACLE_MEMORY_KIB = 4 << 10;

  static List<byte[]> gzipStreams() {
    return CodecSeeds.streams(CompressionMethod.GZIP);
  }

  static List<byte[]> bzip2Streams() {
    return CodecSeeds.streams(CompressionMethod.BZIP2);
  }

  static List<byte[]> lzmaStreams() {
    return CodecSeeds.streams(CompressionMethod.LZMA);
  }

  static List<byte[]> xzStreams() {
    return CodecSeeds.streams(CompressionMethod.XZ);
  }

  static List<byte[]> lzoStreams() {
    return CodecSeeds.streams(CompressionMethod.LZO);
  }

  static List<byte[]> lz4Streams() {
    return CodecSeeds.streams(CompressionMethod.LZ4);
  }

  static List<byte[]> zstdStreams() {
    return CodecSeeds.streams(CompressionMethod.ZSTD);
  }

  /** The oracle neither checks a header's CRC nor refuses reserved flags. */
  @MethodSource("gzipStreams")
  @FuzzTest
  void gzip(byte[] stream) {
    Decoding ours = Decoding.of(CompressionMethod.GZIP, stream);
    boolean strict =
        stream.length > GZIP_FLAGS && (stream[GZIP_FLAGS] & (GZIP_HEADER_CRC | GZIP_RESERVED)) != 0;
    if (!strict) {
      oracle(stream, GzipCompressorInputStream::new).ifPresent(ours::checkAgainst);
    }
  }

  /** The oracle takes code lengths that bzip2 itself refuses. */
  @MethodSource("bzip2Streams")
  @FuzzTest
  void bzip2(byte[] stream) {
    Decoding ours = Decoding.of(CompressionMethod.BZIP2, stream);
    oracle(stream, in -> new BZip2CompressorInputStream(in, false)).ifPresent(ours::checkOutput);
  }

  /** The oracle keeps a window: it gets one that is large enough, which means nothing to ours. */
  @MethodSource("lzmaStreams")
  @FuzzTest
  void lzma(byte[] stream) {
    Decoding ours = Decoding.of(CompressionMethod.LZMA, stream);
    byte[] windowed = stream.clone();
    if (stream.length > LZMA_DICTIONARY + 4) {
      Arrays.fill(windowed, LZMA_DICTIONARY, LZMA_DICTIONARY + 4, (byte) 0);
      windowed[LZMA_DICTIONARY + 2] = 2;
    }
    oracle(windowed, in -> new LZMAInputStream(in, ORACLE_MEMORY_KIB))
        .ifPresent(ours::checkAgainst);
  }

  @MethodSource("xzStreams")
  @FuzzTest
  void xz(byte[] stream) {
    Decoding ours = Decoding.of(CompressionMethod.XZ, stream);
    oracle(stream, in -> new SingleXZInputStream(in, ORACLE_MEMORY_KIB))
        .ifPresent(ours::checkAgainst);
  }

  @MethodSource("lzoStreams")
  @FuzzTest
  void lzo(byte[] stream) {
    Decoding.of(CompressionMethod.LZO, stream);
  }

  @MethodSource("lz4Streams")
  @FuzzTest
  void lz4(byte[] stream) {
    Decoding ours = Decoding.of(CompressionMethod.LZ4, stream);
    Lz4Frame.decode(stream, Decoding.CAPACITY).ifPresent(ours::checkAgainst);
  }

  /** Skippable frames come first for the oracle, and all frames that follow. */
  @MethodSource("zstdStreams")
  @FuzzTest
  void zstd(byte[] stream) {
    Decoding ours = Decoding.of(CompressionMethod.ZSTD, stream);
    if (ours.output().isPresent()) {
      byte[] frame = Arrays.copyOf(stream, ours.consumed());
      oracle(frame, CodecFuzzTest::zstdStream).ifPresent(ours::checkAgainst);
    } else if (ours.refusal().isEmpty()) {
      throw new AssertionError("neither output nor refusal");
    }
  }

  private static InputStream zstdStream(InputStream in) throws IOException {
    return new ZstdInputStreamNoFinalizer(in).setLongMax(ZSTD_MAX_WINDOW_LOG);
  }

  private static Optional<byte[]> oracle(byte[] stream, Oracle.Opener opener) {
    return Oracle.decode(stream, Decoding.CAPACITY, opener);
  }

  /** So that a wrong oracle does not pass for a right one. */
  @Test
  void oraclesAcceptTheSeeds() {
    assertThat(gzipStreams()).allMatch(s -> oracle(s, GzipCompressorInputStream::new).isPresent());
    assertThat(bzip2Streams())
        .allMatch(s -> oracle(s, in -> new BZip2CompressorInputStream(in, false)).isPresent());
    assertThat(lzmaStreams())
        .allMatch(s -> oracle(s, in -> new LZMAInputStream(in, ORACLE_MEMORY_KIB)).isPresent());
    assertThat(xzStreams())
        .allMatch(s -> oracle(s, in -> new SingleXZInputStream(in, ORACLE_MEMORY_KIB)).isPresent());
    assertThat(lz4Streams()).allMatch(s -> Lz4Frame.decode(s, Decoding.CAPACITY).isPresent());
    assertThat(zstdStreams()).allMatch(s -> oracle(s, CodecFuzzTest::zstdStream).isPresent());
  }
}
