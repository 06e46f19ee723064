package io.github.kexecsim.loader.image;

import com.github.luben.zstd.ZstdInputStream;
import io.github.kexecsim.loader.KexecException;
import io.github.kexecsim.loader.Reason;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.OptionalLong;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.tukaani.xz.XZInputStream;

/** Decodes what the real images need with other people's code. */
final class TestDecoder {
  private TestDecoder() {}

  /** A {@link PayloadDecoder}. */
  static byte[] decode(
      CompressionMethod method, ByteView payload, OptionalLong declaredSize, long limit) {
    try {
      byte[] out =
          switch (method) {
            case ZSTD -> {
              ZstdInputStream in = new ZstdInputStream(stream(payload));
              in.setLongMax(31);
              yield readAll(in);
            }
            case XZ -> readAll(new XZInputStream(stream(payload)));
            case LZ4 -> lz4Legacy(payload, (int) limit);
            default -> GzipDecoder.decode(method, payload, declaredSize, limit);
          };
      if (out.length != declaredSize.orElse(out.length)) {
        throw new KexecException(Reason.SIZE_MISMATCH, out.length + " bytes come out");
      }
      return out;
    } catch (IOException e) {
      throw new KexecException(
          Reason.CORRUPT_PAYLOAD, Reason.CORRUPT_PAYLOAD.errno(), e.getMessage(), "", e);
    }
  }

  private static byte[] readAll(InputStream in) throws IOException {
    try (in) {
      return in.readAllBytes();
    }
  }

  private static InputStream stream(ByteView payload) {
    return new ByteArrayInputStream(payload.array(), payload.arrayOffset(), payload.size());
  }

  private static byte[] lz4Legacy(ByteView payload, int limit) {
    LZ4SafeDecompressor lz4 = LZ4Factory.safeInstance().safeDecompressor();
    byte[] out = new byte[Math.min(limit, 64 << 20)];
    int produced = 0;
    int at = 4;
    while (at < payload.size()) {
      int chunk = (int) payload.u32le(at);
      produced +=
          lz4.decompress(
              payload.array(), payload.arrayOffset() + at + 4, chunk, out, produced, 8 << 20);
      at += 4 + chunk;
    }
    return Arrays.copyOf(out, produced);
  }
}
