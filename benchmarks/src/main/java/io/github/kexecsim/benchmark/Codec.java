package io.github.kexecsim.benchmark;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.airlift.compress.Decompressor;
import io.airlift.compress.bzip2.BZip2HadoopStreams;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.lzo.LzoDecompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.codec.Decompressors;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.machine.Architecture;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.GZIPInputStream;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
import org.apache.commons.compress.compressors.lzma.LZMACompressorInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorInputStream;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.SingleXZInputStream;

/**
 * The decoders that are compared. All of a method read the same payload, into an array that is
 * there already, and all check what checksums it has.
 */
public enum Codec {
  /** {@link Decompressors}. */
  GZIP_OURS(CompressionMethod.GZIP),
  /** {@link java.util.zip.Inflater}, from array to array in one call. */
  GZIP_INFLATER(CompressionMethod.GZIP, Containers::gzip),
  /** {@link GZIPInputStream}. */
  GZIP_STREAM(CompressionMethod.GZIP, stream(GZIPInputStream::new)),
  /** commons-compress, over the JDK's Inflater. */
  GZIP_COMMONS(CompressionMethod.GZIP, stream(GzipCompressorInputStream::new)),

  /** {@link Decompressors}. */
  BZIP2_OURS(CompressionMethod.BZIP2),
  /** commons-compress. */
  BZIP2_COMMONS(CompressionMethod.BZIP2, stream(BZip2CompressorInputStream::new)),
  /** aircompressor's stream, which is all that it has. */
  BZIP2_AIRCOMPRESSOR(
      CompressionMethod.BZIP2, stream(in -> new BZip2HadoopStreams().createInputStream(in))),

  /** {@link Decompressors}. */
  LZMA_OURS(CompressionMethod.LZMA),
  /** XZ for Java. */
  LZMA_XZ_FOR_JAVA(CompressionMethod.LZMA, stream(LZMAInputStream::new)),
  /** commons-compress, over XZ for Java. */
  LZMA_COMMONS(CompressionMethod.LZMA, stream(LZMACompressorInputStream::new)),

  /** {@link Decompressors}. */
  XZ_OURS(CompressionMethod.XZ),
  /** XZ for Java. */
  XZ_XZ_FOR_JAVA(CompressionMethod.XZ, stream(SingleXZInputStream::new)),
  /** commons-compress, over XZ for Java. */
  XZ_COMMONS(CompressionMethod.XZ, stream(XZCompressorInputStream::new)),

  /** {@link Decompressors}. */
  LZO_OURS(CompressionMethod.LZO),
  /** aircompressor's block decoder; its lzop stream refuses what {@code lzop -9} writes. */
  LZO_AIRCOMPRESSOR(
      CompressionMethod.LZO,
      (payload, output) -> Containers.lzop(payload, output, block(new LzoDecompressor()))),

  /** {@link Decompressors}. */
  LZ4_OURS(CompressionMethod.LZ4),
  /** lz4-java's liblz4. */
  LZ4_NATIVE(
      CompressionMethod.LZ4,
      (payload, output) -> Containers.lz4(payload, output, block(LZ4Factory.nativeInstance()))),
  /** lz4-java's pure Java without Unsafe. */
  LZ4_SAFE(
      CompressionMethod.LZ4,
      (payload, output) -> Containers.lz4(payload, output, block(LZ4Factory.safeInstance()))),
  /** aircompressor's block decoder. */
  LZ4_AIRCOMPRESSOR(
      CompressionMethod.LZ4,
      (payload, output) -> Containers.lz4(payload, output, block(new Lz4Decompressor()))),
  /** commons-compress's stream over one block. */
  LZ4_COMMONS(
      CompressionMethod.LZ4,
      (payload, output) -> Containers.lz4(payload, output, Codec::commonsLz4Block)),

  /** {@link Decompressors}. */
  ZSTD_OURS(CompressionMethod.ZSTD),
  /** zstd-jni, from array to array in one call. */
  ZSTD_JNI_ARRAY(
      CompressionMethod.ZSTD,
      (payload, output) ->
          (int) Zstd.decompressByteArray(output, 0, output.length, payload, 0, payload.length)),
  /** zstd-jni's stream. */
  ZSTD_JNI_STREAM(CompressionMethod.ZSTD, stream(ZstdInputStreamNoFinalizer::new)),
  /** commons-compress, over zstd-jni's stream. */
  ZSTD_COMMONS(CompressionMethod.ZSTD, stream(ZstdCompressorInputStream::new)),
  /**
   * aircompressor, on a payload of its own: it takes no window above 8 MiB, and kernels have 128.
   */
  ZSTD_AIRCOMPRESSOR(
      CompressionMethod.ZSTD,
      (payload, output) ->
          new ZstdDecompressor().decompress(payload, 0, payload.length, output, 0, output.length)) {
    private static final int LEVEL = 19;
    private static final int WINDOW_LOG = 23;

    @Override
    String payloadName() {
      return "zstd-19-8m";
    }

    @Override
    byte[] compress(ByteView kernel, Optional<Architecture> target) {
      try (ZstdCompressCtx context = new ZstdCompressCtx()) {
        context.setLevel(LEVEL).setChecksum(true);
        context.setWindowLog(WINDOW_LOG);
        return context.compress(kernel.toByteArray());
      }
    }
  };

  /** Decodes a whole payload. */
  @FunctionalInterface
  interface Decoder {
    /** Returns how many bytes came out. */
    int decode(byte[] payload, byte[] output) throws IOException, DataFormatException;
  }

  @FunctionalInterface
  private interface Opener {
    InputStream open(InputStream payload) throws IOException;
  }

  private final CompressionMethod method;
  private final Decoder decoder;

  Codec(CompressionMethod method) {
    this(
        method,
        (payload, output) ->
            Decompressors.byMethod(method).decompress(ByteView.of(payload), output, Progress.NONE));
  }

  Codec(CompressionMethod method, Decoder decoder) {
    this.method = method;
    this.decoder = decoder;
  }

  /** Decodes {@code payload}, and returns how many bytes came out. */
  int decode(byte[] payload, byte[] output) throws IOException, DataFormatException {
    return decoder.decode(payload, output);
  }

  /** Tells payloads apart. */
  String payloadName() {
    return method.label();
  }

  /** Makes the payload, as the kernel build would. */
  byte[] compress(ByteView kernel, Optional<Architecture> target) {
    return target
        .map(architecture -> Compressors.byMethod(method, architecture))
        .orElseGet(() -> Compressors.byMethod(method))
        .compress(kernel);
  }

  private static Decoder stream(Opener opener) {
    return (payload, output) -> {
      try (InputStream in = opener.open(new ByteArrayInputStream(payload))) {
        int produced = in.readNBytes(output, 0, output.length);
        // Streams check what stands behind the last byte only when asked for one more.
        return in.read() < 0 ? produced : -1;
      }
    };
  }

  private static Containers.Block block(Decompressor decompressor) {
    return decompressor::decompress;
  }

  private static Containers.Block block(LZ4Factory factory) {
    LZ4SafeDecompressor decompressor = factory.safeDecompressor();
    return decompressor::decompress;
  }

  private static int commonsLz4Block(
      byte[] input, int from, int length, byte[] output, int to, int room) throws IOException {
    try (InputStream in =
        new BlockLZ4CompressorInputStream(new ByteArrayInputStream(input, from, length))) {
      return in.readNBytes(output, to, room);
    }
  }
}
