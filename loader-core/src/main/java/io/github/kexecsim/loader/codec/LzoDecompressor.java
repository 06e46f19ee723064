package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.List;
import java.util.function.Supplier;
import java.util.zip.Checksum;

/**
 * An lzop file with LZO1X blocks, as {@code lzop -9} writes it: a {@link LzopHeader}, then blocks
 * of u32be output size, u32be input size, the flagged checksums and the data, then a size of 0. A
 * block whose sizes are equal is stored, and has no checksum of its input.
 *
 * <p>Blocks above 256 KiB are refused, as the kernel's own decompressor does ({@code
 * lib/decompress_unlzo.c, LZO_BLOCK_SIZE} (v6.1)).
 */
final class LzoDecompressor implements Decompressor {
  /** What lzop cuts its input into. */
  static final int BLOCK = 256 << 10;

  @Override
  public CompressionMethod method() {
    return CompressionMethod.LZO;
  }

  @Override
  public int decompress(ByteView payload, byte[] destination, Progress progress) {
    LzopHeader header = LzopHeader.parse(payload);
    List<Supplier<Checksum>> outputSums = header.outputChecksums();
    List<Supplier<Checksum>> inputSums = header.inputChecksums();
    int at = header.length();
    int produced = 0;
    while (true) {
      int outputSize = blockSize(payload, at);
      at += 4;
      if (outputSize == 0) {
        progress.at(at, produced);
        return produced;
      }
      int inputSize = blockSize(payload, at);
      at += 4;
      if (inputSize == 0 || inputSize > outputSize) {
        throw CodecFault.corrupt(
            method(),
            at - 4L,
            String.format("a block of 0x%x bytes cannot decode to 0x%x", inputSize, outputSize));
      }
      if (outputSize > destination.length - produced) {
        throw CodecFault.overflow(method(), destination.length);
      }
      boolean stored = inputSize == outputSize;
      int outputSumsAt = at;
      at = skip(payload, at, 4 * outputSums.size());
      int inputSumsAt = at;
      at = skip(payload, at, stored ? 0 : 4 * inputSums.size());
      int data = at;
      at = skip(payload, at, inputSize);
      if (stored) {
        payload.copyTo(data, destination, produced, outputSize);
      } else {
        verify(inputSums, payload, inputSumsAt, payload.slice(data, inputSize));
        Lzo1x.decompress(payload, data, inputSize, destination, produced, outputSize);
      }
      ByteView output = ByteView.of(destination, produced, outputSize);
      verify(outputSums, payload, outputSumsAt, output);
      produced += outputSize;
      progress.at(at, produced);
    }
  }

  private int blockSize(ByteView payload, int at) {
    skip(payload, at, 4);
    long size = payload.u32be(at);
    if (size > BLOCK) {
      throw CodecFault.corrupt(
          method(), at, String.format("block size 0x%x is above 0x%x", size, BLOCK));
    }
    return (int) size;
  }

  private int skip(ByteView payload, int at, int length) {
    if (length > payload.size() - at) {
      throw CodecFault.truncated(method(), payload.size(), "an lzop block");
    }
    return at + length;
  }

  private void verify(
      List<Supplier<Checksum>> sums, ByteView payload, int storedAt, ByteView covered) {
    for (int i = 0; i < sums.size(); i++) {
      Checksum sum = sums.get(i).get();
      sum.update(covered.array(), covered.arrayOffset(), covered.size());
      long stored = payload.u32be(storedAt + 4L * i);
      if (stored != sum.getValue()) {
        throw CodecFault.checksum(
            method(), storedAt + 4L * i, "a block's checksum", stored, sum.getValue());
      }
    }
  }
}
