package io.github.kexecsim.loader.fuzz;

import com.github.luben.zstd.ZstdCompressCtx;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.Deflater;
import org.tukaani.xz.ARM64Options;
import org.tukaani.xz.DeltaOptions;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZ;
import org.tukaani.xz.XZOutputStream;

/** Small valid streams of every method, written with small dictionaries. */
final class CodecSeeds {
  private static final int DICTIONARY = 1 << 16;

  private CodecSeeds() {}

  private interface Encoder {
    OutputStream over(OutputStream out) throws IOException;
  }

  static List<byte[]> streams(CompressionMethod method) {
    return contents().stream().flatMap(content -> streams(method, content).stream()).toList();
  }

  private static List<byte[]> streams(CompressionMethod method, byte[] content) {
    return switch (method) {
      case GZIP, BZIP2, LZ4, LZO ->
          List.of(Compressors.byMethod(method).compress(ByteView.of(content)));
      case ZSTD -> List.of(zstd(content, true), zstd(content, false));
      case LZMA ->
          List.of(
              encode(content, out -> new LZMAOutputStream(out, options(), content.length)),
              encode(content, out -> new LZMAOutputStream(out, options(), -1)));
      case XZ ->
          List.of(
              xz(content, XZ.CHECK_NONE, options()),
              xz(content, XZ.CHECK_CRC32, options()),
              xz(content, XZ.CHECK_CRC64, new X86Options(), options()),
              xz(content, XZ.CHECK_SHA256, new ARM64Options(), delta(), options()));
    };
  }

  /** DEFLATE without a container, by stored, fixed and dynamic blocks. */
  static List<byte[]> deflated() {
    List<byte[]> streams = new ArrayList<>();
    for (byte[] content : contents()) {
      for (int level : new int[] {Deflater.NO_COMPRESSION, Deflater.BEST_COMPRESSION}) {
        streams.add(deflate(content, level, Deflater.DEFAULT_STRATEGY));
      }
    }
    return streams;
  }

  static byte[] deflate(byte[] content, int level, int strategy) {
    Deflater deflater = new Deflater(level, true);
    deflater.setStrategy(strategy);
    deflater.setInput(content);
    deflater.finish();
    byte[] output = new byte[content.length + 100];
    int size = deflater.deflate(output);
    deflater.end();
    return Arrays.copyOf(output, size);
  }

  static List<byte[]> contents() {
    byte[] noise = new byte[300];
    new SplittableRandom(1).nextBytes(noise);
    byte[] text =
        "kexec_file_load: segment at mem=%lx memsz=%lx\n"
            .repeat(20)
            .getBytes(StandardCharsets.US_ASCII);
    byte[] mixed = Arrays.copyOf(noise, 2000);
    System.arraycopy(text, 0, mixed, 700, text.length);
    return List.of(new byte[0], new byte[] {42}, noise, text, mixed);
  }

  private static byte[] zstd(byte[] content, boolean checksum) {
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      return context.setLevel(3).setChecksum(checksum).setContentSize(checksum).compress(content);
    }
  }

  private static byte[] xz(byte[] content, int check, FilterOptions... filters) {
    return encode(content, out -> new XZOutputStream(out, filters, check));
  }

  private static DeltaOptions delta() {
    DeltaOptions delta = new DeltaOptions();
    try {
      delta.setDistance(4);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return delta;
  }

  private static LZMA2Options options() {
    try {
      LZMA2Options options = new LZMA2Options(1);
      options.setDictSize(DICTIONARY);
      return options;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] encode(byte[] content, Encoder encoder) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = encoder.over(packed)) {
      out.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }
}
