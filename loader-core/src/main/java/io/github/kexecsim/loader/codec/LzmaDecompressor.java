package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/**
 * Decodes the .lzma format: a header of 13 bytes (properties, dictionary size, output size or -1)
 * and LZMA. Output of known size may have an end marker behind it, output of unknown size must.
 * There is no checksum. The dictionary's size is ignored, since the destination is the dictionary.
 */
final class LzmaDecompressor implements Decompressor {
  private static final int HEADER_SIZE = 13;
  private static final int MAX_PROPERTIES = 9 * 5 * 5 - 1;

  @Override
  public CompressionMethod method() {
    return CompressionMethod.LZMA;
  }

  @Override
  public int decompress(ByteView payload, byte[] destination, Progress progress) {
    int properties = payload.u8(0);
    if (properties > MAX_PROPERTIES) {
      throw corrupt("has property byte 0x%x, above 0xe0", properties);
    }
    long told = payload.u64le(5);
    if (told < -1) {
      throw corrupt("tells an output size of 0x%x", told);
    }
    if (told > destination.length) {
      throw new KexecException(
          Reason.SIZE_MISMATCH,
          String.format(
              "the .lzma header tells 0x%x bytes of output, but 0x%x is the most",
              told, destination.length),
          "the declared size is too small, or the payload is another image's");
    }
    boolean known = told >= 0;
    int limit = known ? (int) told : destination.length;
    Reason tooMuch = known ? Reason.CORRUPT_PAYLOAD : Reason.SIZE_MISMATCH;
    LzmaDecoder lzma = new LzmaDecoder(destination, 0, Reason.TRUNCATED, tooMuch);
    lzma.setProperties(properties % 9, properties / 9 % 5, properties / 45);
    lzma.resetState();
    lzma.startInput(payload, HEADER_SIZE, payload.size());
    while (lzma.produced() < limit && !lzma.atEndMarker()) {
      lzma.decode(lzma.produced() + Math.min(LzmaDecoder.SLICE, limit - lzma.produced()), limit);
      progress.at(lzma.consumed(), lzma.produced());
    }
    if (!lzma.atEndMarker() && !(known && lzma.finish())) {
      lzma.decodeEndMarker(limit);
    }
    if (known && lzma.produced() < limit) {
      throw corrupt("tells more output than there is: 0x%x bytes", told);
    }
    if (!lzma.finish()) {
      throw corrupt("is for data that does not end as LZMA must, at 0x%x", lzma.consumed());
    }
    progress.at(lzma.consumed(), lzma.produced());
    return lzma.produced();
  }

  private static KexecException corrupt(String problem, long value) {
    return new KexecException(
        Reason.CORRUPT_PAYLOAD,
        "the .lzma header " + String.format(problem, value),
        "the image is damaged: compare its digest with the original's");
  }
}
