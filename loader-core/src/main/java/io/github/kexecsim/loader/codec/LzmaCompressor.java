package io.github.kexecsim.loader.codec;

import java.io.IOException;
import java.io.OutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;

/** As {@code lzma -9} writes a pipe: size unknown, with an end marker. */
final class LzmaCompressor extends StreamCompressor {
  private static final int UNKNOWN_SIZE = -1;

  /** What {@code lzma -9} asks for. */
  private static final int MAX_DICTIONARY = 64 << 20;

  LzmaCompressor() {
    super(CompressionMethod.LZMA);
  }

  @Override
  OutputStream open(OutputStream output, int inputSize) throws IOException {
    LZMA2Options options = new LZMA2Options(LZMA2Options.PRESET_MAX);
    options.setDictSize(dictionaryFor(inputSize, MAX_DICTIONARY));
    return new LZMAOutputStream(output, options, UNKNOWN_SIZE);
  }
}
