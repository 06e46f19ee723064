package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Locale;

/**
 * LZMA2: chunks of LZMA, or of plain bytes, each with a control byte that says what of the
 * decoder's state begins anew. {@code xz-file-format.txt} 1.2, section 5.3.1, names the filter; the
 * chunks' layout is in the documentation of XZ Embedded.
 */
final class Lzma2Decoder {
  private static final int END = 0x00;
  private static final int PLAIN_NEW_DICTIONARY = 0x01;
  private static final int PLAIN = 0x02;
  private static final int LZMA = 0x80;
  private static final int LZMA_NEW_STATE = 0xa0;
  private static final int LZMA_NEW_PROPERTIES = 0xc0;
  private static final int LZMA_NEW_DICTIONARY = 0xe0;

  private static final int MAX_LITERAL_BITS = 4;

  private final ByteView payload;
  private final byte[] destination;
  private final Progress progress;
  private final LzmaDecoder lzma;
  private boolean needsDictionary = true;
  private boolean needsProperties = true;
  private int consumed;
  private int produced;

  /**
   * A decoder of one run of chunks.
   *
   * @param start where the chunks begin in {@code payload}
   * @param outStart where the output begins in {@code destination}
   */
  Lzma2Decoder(ByteView payload, int start, byte[] destination, int outStart, Progress progress) {
    this.payload = payload;
    this.destination = destination;
    this.progress = progress;
    this.lzma =
        new LzmaDecoder(destination, outStart, Reason.CORRUPT_PAYLOAD, Reason.CORRUPT_PAYLOAD);
    this.consumed = start;
    this.produced = outStart;
  }

  /** Where the byte behind the last chunk stands in the payload. */
  int consumed() {
    return consumed;
  }

  /** Where the output ends in the destination. */
  int produced() {
    return produced;
  }

  /** Decodes up to and including the chunk that ends the run. */
  void decode() {
    for (int control = payload.u8(consumed); control != END; control = payload.u8(consumed)) {
      prepareDictionary(control);
      if (control >= LZMA) {
        lzmaChunk(control);
      } else {
        plainChunk();
      }
    }
    consumed++;
  }

  private void prepareDictionary(int control) {
    if (control > PLAIN && control < LZMA) {
      throw corrupt("has control byte 0x%02x, which no chunk has", control);
    }
    if (control >= LZMA_NEW_DICTIONARY || control == PLAIN_NEW_DICTIONARY) {
      lzma.startDictionary();
      needsDictionary = false;
      needsProperties = true;
    } else if (needsDictionary) {
      throw corrupt("has control byte 0x%02x, but the first must start a dictionary", control);
    }
  }

  private void lzmaChunk(int control) {
    int size = ((control & 0x1f) << 16 | bigEndian16(consumed + 1)) + 1;
    int packedSize = bigEndian16(consumed + 3) + 1;
    int from = consumed + 5;
    if (control >= LZMA_NEW_PROPERTIES) {
      setProperties(payload.u8(from++));
    } else if (needsProperties) {
      throw corrupt("has control byte 0x%02x, but must bring properties", control);
    }
    if (control >= LZMA_NEW_STATE) {
      lzma.resetState();
    }
    payload.slice(from, packedSize);
    requireRoom(size);
    int end = produced + size;
    lzma.startInput(payload, from, from + packedSize);
    while (produced < end) {
      lzma.decode(produced + Math.min(LzmaDecoder.SLICE, end - produced), end);
      produced = lzma.produced();
      if (lzma.atEndMarker()) {
        throw corrupt("has an end marker at output offset 0x%x", produced);
      }
      progress.at(lzma.consumed(), produced);
    }
    if (!lzma.finish() || lzma.consumed() != from + packedSize) {
      throw corrupt("does not end where its LZMA does, at output offset 0x%x", end);
    }
    consumed = from + packedSize;
  }

  private void setProperties(int properties) {
    int lc = properties % 9;
    int lp = properties / 9 % 5;
    int pb = properties / 45;
    if (pb > 4 || lc + lp > MAX_LITERAL_BITS) {
      throw corrupt("has property byte 0x%02x, which LZMA2 forbids", properties);
    }
    lzma.setProperties(lc, lp, pb);
    needsProperties = false;
  }

  private void plainChunk() {
    int size = bigEndian16(consumed + 1) + 1;
    ByteView bytes = payload.slice(consumed + 3, size);
    requireRoom(size);
    bytes.copyTo(0, destination, produced, size);
    lzma.skip(size);
    produced += size;
    consumed += 3 + size;
    progress.at(consumed, produced);
  }

  private void requireRoom(int size) {
    if (size > destination.length - produced) {
      throw new KexecException(
          Reason.SIZE_MISMATCH,
          String.format(
              "the LZMA2 chunk at 0x%x brings 0x%x bytes to 0x%x, but 0x%x is the most in all",
              consumed, size, produced, destination.length),
          "the declared size is too small, or the payload is another image's");
    }
  }

  private int bigEndian16(int offset) {
    return payload.u8(offset) << 8 | payload.u8(offset + 1);
  }

  private KexecException corrupt(String problem, int value) {
    return new KexecException(
        Reason.CORRUPT_PAYLOAD,
        String.format(Locale.ROOT, "the LZMA2 chunk at 0x%x " + problem, consumed, value),
        XzDecompressor.DAMAGED);
  }
}
