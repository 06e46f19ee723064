package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.machine.Architecture;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import org.tukaani.xz.ARM64Options;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.RISCVOptions;
import org.tukaani.xz.UnsupportedOptionsException;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZ;
import org.tukaani.xz.XZOutputStream;

/**
 * One block with a CRC-32, through the branch filter of the target and with LZMA2's parameters for
 * the alignment of its instructions, as {@code scripts/xz_wrap.sh} (v6.12) has it. The dictionary
 * is cut down to what the input can use.
 */
final class XzCompressor extends StreamCompressor {
  private static final int MAX_DICTIONARY = 128 << 20;

  private final Optional<Architecture> target;

  XzCompressor(Optional<Architecture> target) {
    super(CompressionMethod.XZ);
    this.target = target;
  }

  @Override
  OutputStream open(OutputStream output, int inputSize) throws IOException {
    LZMA2Options lzma2 = new LZMA2Options(LZMA2Options.PRESET_MAX);
    lzma2.setDictSize(dictionaryFor(inputSize, MAX_DICTIONARY));
    return new XZOutputStream(output, filters(lzma2), XZ.CHECK_CRC32);
  }

  private FilterOptions[] filters(LZMA2Options lzma2) throws UnsupportedOptionsException {
    if (target.isEmpty()) {
      return new FilterOptions[] {lzma2};
    }
    switch (target.get()) {
      case ARM64:
        lzma2.setLcLp(2, 2);
        return new FilterOptions[] {new ARM64Options(), lzma2};
      case RISCV64:
        lzma2.setLp(1);
        return new FilterOptions[] {new RISCVOptions(), lzma2};
      case LOONGARCH64:
        lzma2.setLcLp(2, 2);
        return new FilterOptions[] {lzma2};
      case X86_64:
        return new FilterOptions[] {new X86Options(), lzma2};
      default:
        throw new IllegalArgumentException("no settings for " + target.get());
    }
  }
}
