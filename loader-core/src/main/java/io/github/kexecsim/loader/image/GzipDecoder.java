package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.KexecException;
import io.github.kexecsim.loader.Reason;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.zip.GZIPInputStream;

/** Decompresses gzip with the JDK, and nothing else. */
final class GzipDecoder {
  private GzipDecoder() {}

  /** A {@link PayloadDecoder}. */
  static byte[] decode(
      CompressionMethod method, ByteView payload, OptionalLong declaredSize, long limit) {
    if (method != CompressionMethod.GZIP) {
      throw new KexecException(Reason.UNKNOWN_METHOD, "no decompressor for " + method);
    }
    if (declaredSize.orElse(0) > limit) {
      throw new KexecException(
          Reason.LIMIT_EXCEEDED,
          String.format("0x%x bytes are declared", declaredSize.getAsLong()));
    }
    int most = (int) declaredSize.orElse(limit);
    ByteArrayInputStream bytes =
        new ByteArrayInputStream(payload.array(), payload.arrayOffset(), payload.size());
    try (GZIPInputStream in = new GZIPInputStream(bytes)) {
      byte[] out = in.readNBytes(most);
      if (in.read() >= 0) {
        throw new KexecException(
            declaredSize.isPresent() ? Reason.SIZE_MISMATCH : Reason.LIMIT_EXCEEDED,
            String.format("more than 0x%x bytes come out", most));
      }
      if (declaredSize.isPresent() && out.length != most) {
        throw new KexecException(
            Reason.SIZE_MISMATCH,
            String.format("0x%x bytes come out, 0x%x are declared", out.length, most));
      }
      return out;
    } catch (IOException e) {
      Reason reason = e instanceof EOFException ? Reason.TRUNCATED : Reason.CORRUPT_PAYLOAD;
      throw new KexecException(reason, reason.errno(), "gzip: " + e.getMessage(), "", e);
    }
  }
}
