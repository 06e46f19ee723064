package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;

/** An .lzma stream or the blocks of an .xz stream, symbol by symbol. */
final class LzmaPositions implements Positions {
  private static final int LZMA_HEADER = 13;
  private static final int XZ_HEADER = 12;
  private static final int[] XZ_CHECK_SIZES = {
    0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64
  };
  private static final int DICTIONARY_RESET = 3;
  private static final int NEW_PROPERTIES = 2;
  private static final int STATE_RESET = 1;

  private final CompressionMethod method;

  LzmaPositions(CompressionMethod method) {
    this.method = method;
  }

  @Override
  public void follow(ByteView payload, int size, Progress positions) {
    decode(payload, size, new byte[size], positions);
  }

  /** Decodes to the start of {@code output}. */
  void decode(ByteView payload, int size, byte[] output, Progress positions) {
    LzmaReference decoder = new LzmaReference(payload, output, positions);
    if (method == CompressionMethod.LZMA) {
      decoder.resetDictionary();
      decoder.setProperties(payload.u8(0));
      decoder.moveTo(LZMA_HEADER);
      decoder.decode(size);
      return;
    }
    int check = XZ_CHECK_SIZES[payload.u8(7) & 15];
    int at = XZ_HEADER;
    while (payload.u8(at) != 0) {
      decoder.moveTo(at + 4 * (payload.u8(at) + 1));
      while (chunk(payload, decoder)) {}
      at = (decoder.position() + 3 & -4) + check;
    }
  }

  /** One LZMA2 chunk; false at the end mark. */
  private static boolean chunk(ByteView payload, LzmaReference decoder) {
    int at = decoder.position();
    int control = payload.u8(at);
    if (control == 0) {
      decoder.moveTo(at + 1);
      return false;
    }
    int low = payload.u8(at + 1L) << 8 | payload.u8(at + 2L);
    if (control < 0x80) {
      if (control == 1) {
        decoder.resetDictionary();
      }
      decoder.moveTo(at + 3);
      decoder.copy(low + 1);
      return true;
    }
    int output = ((control & 0x1f) << 16 | low) + 1;
    int input = (payload.u8(at + 3L) << 8 | payload.u8(at + 4L)) + 1;
    int reset = control >> 5 & 3;
    int data = at + 5;
    if (reset == DICTIONARY_RESET) {
      decoder.resetDictionary();
    }
    if (reset >= NEW_PROPERTIES) {
      decoder.setProperties(payload.u8(data++));
    } else if (reset == STATE_RESET) {
      decoder.resetState();
    }
    decoder.moveTo(data);
    decoder.decode(output);
    decoder.moveTo(data + input);
    return true;
  }
}
