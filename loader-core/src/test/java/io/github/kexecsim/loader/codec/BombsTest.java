package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Payloads that decode to far more than they are, and headers that ask for memory. */
final class BombsTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final int LIMIT = 1 << 20;
  private static final int ZSTD_BLOCK = 128 << 10;

  /** What any method allocates beside its output: tables, states, chunks. */
  private static final long CONSTANT = 256 << 10;

  /** bzip2's blocks are decoded in tables of 3.6 MB, made anew for every destination. */
  private static final long BZIP2_TABLES = 64 << 20;

  /** What an undeclared size costs: destinations that double, and a last copy. */
  private static final int COPIES = 4;

  @ParameterizedTest
  @EnumSource
  void endAtTheLimit(CompressionMethod method) {
    ByteView bomb = bomb(method);
    assertThat(bomb.size()).isLessThan(8 << 20);

    refused(Reason.LIMIT_EXCEEDED, method, bomb, OptionalLong.empty(), COPIES * LIMIT);
    refused(Reason.LIMIT_EXCEEDED, method, bomb, OptionalLong.of(1 << 30), 0);
    refused(Reason.LIMIT_EXCEEDED, method, bomb, OptionalLong.of(LIMIT + 1), 0);
    refused(Reason.SIZE_MISMATCH, method, bomb, OptionalLong.of(LIMIT), LIMIT);
    refused(Reason.SIZE_MISMATCH, method, bomb, OptionalLong.of(1000), 1000);
    refused(Reason.SIZE_MISMATCH, method, bomb, OptionalLong.of(0), 0);
  }

  @ParameterizedTest
  @EnumSource
  void zerosOfRealEncodersEndAtTheLimit(CompressionMethod method) {
    ByteView bomb = ByteView.of(Samples.compressed(method, new byte[32 << 20]));

    refused(Reason.LIMIT_EXCEEDED, method, bomb, OptionalLong.empty(), COPIES * LIMIT);
    refused(Reason.SIZE_MISMATCH, method, bomb, OptionalLong.of(LIMIT), LIMIT);
  }

  @Test
  void dictionarySizesCostNothing() {
    byte[] content = Samples.text(10_000);
    byte[] lzma = Samples.compressed(CompressionMethod.LZMA, content);
    ByteBuffer.wrap(lzma).order(ByteOrder.LITTLE_ENDIAN).putInt(1, -1);
    comesOut(CompressionMethod.LZMA, lzma, content);

    byte[] xz = Samples.compressed(CompressionMethod.XZ, content);
    xz[lastFilterProperty(xz)] = 40;
    comesOut(CompressionMethod.XZ, withBlockHeaderCrc(xz), content);

    byte[] bzip2 = Samples.compressed(CompressionMethod.BZIP2, content);
    bzip2[3] = '9';
    comesOut(CompressionMethod.BZIP2, bzip2, content);
  }

  @Test
  void sizesOfOutputCostNothingBeforeTheLimit() {
    byte[] content = Samples.text(10_000);
    byte[] gzip = Samples.compressed(CompressionMethod.GZIP, content);
    ByteBuffer.wrap(gzip).order(ByteOrder.LITTLE_ENDIAN).putInt(gzip.length - 4, -1);
    refused(
        Reason.CORRUPT_PAYLOAD,
        CompressionMethod.GZIP,
        ByteView.of(gzip),
        OptionalLong.empty(),
        COPIES * LIMIT);

    byte[] lzma = Samples.compressed(CompressionMethod.LZMA, content);
    ByteBuffer.wrap(lzma).order(ByteOrder.LITTLE_ENDIAN).putLong(5, Long.MAX_VALUE);
    refused(
        Reason.LIMIT_EXCEEDED,
        CompressionMethod.LZMA,
        ByteView.of(lzma),
        OptionalLong.empty(),
        COPIES * LIMIT);

    byte[] zstd = zstdBlocks((byte) 0xe0, 1, Long.MAX_VALUE);
    refused(
        Reason.CORRUPT_PAYLOAD,
        CompressionMethod.ZSTD,
        ByteView.of(zstd),
        OptionalLong.empty(),
        COPIES * LIMIT);

    for (long size : new long[] {0x7fff_ffffL, 0xffff_ffffL, (256 << 10) + 1}) {
      byte[] lzop = Samples.compressed(CompressionMethod.LZO, content);
      int block = LzopHeader.parse(ByteView.of(lzop)).length();
      ByteBuffer.wrap(lzop).putInt(block, (int) size).putInt(block + 4, (int) size);
      refused(
          Reason.CORRUPT_PAYLOAD,
          CompressionMethod.LZO,
          ByteView.of(lzop),
          OptionalLong.of(LIMIT),
          LIMIT);
    }
  }

  /** What a zstd frame's window takes is outside the heap: progress tells which way was taken. */
  @Test
  void largeWindowsAreNotAllocated() {
    int[] reports = new int[1];
    byte[] destination = new byte[8 * ZSTD_BLOCK];
    for (int windowLog : new int[] {27, 28, 31}) {
      byte[] frame = zstdBlocks((byte) 0, 8, windowLog);
      reports[0] = 0;
      int produced =
          new ZstdDecompressor(-1)
              .decompress(ByteView.of(frame), destination, (consumed, size) -> reports[0]++);
      assertThat(produced).isEqualTo(8 * ZSTD_BLOCK);
      assertThat(reports[0] == 1).isEqualTo(windowLog > 27);
    }
  }

  private static void comesOut(CompressionMethod method, byte[] payload, byte[] content) {
    CompressedPayload compressed =
        new CompressedPayload(method, ByteView.of(payload), OptionalLong.of(content.length));
    long allocated = allocated(() -> assertThat(compressed.decompress(1 << 30)).isEqualTo(content));
    assertThat(allocated).isLessThan(content.length + constant(method));
  }

  private static void refused(
      Reason reason, CompressionMethod method, ByteView payload, OptionalLong declared, long most) {
    CompressedPayload compressed = new CompressedPayload(method, payload, declared);
    KexecException[] refusal = new KexecException[1];
    long allocated =
        allocated(
            () ->
                refusal[0] =
                    catchThrowableOfType(KexecException.class, () -> compressed.decompress(LIMIT)));
    assertThat(refusal[0].reason()).isEqualTo(reason);
    assertThat(allocated).isLessThan(most + constant(method));
  }

  private static long constant(CompressionMethod method) {
    return method == CompressionMethod.BZIP2 ? BZIP2_TABLES : CONSTANT;
  }

  /** The bytes that the calling thread allocates, the second time: the first loads classes. */
  private static long allocated(Runnable work) {
    work.run();
    long before = THREADS.getCurrentThreadAllocatedBytes();
    work.run();
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  /** A stream of 1 GiB of repeated parts, or of as much as its encoder makes in a second. */
  private static ByteView bomb(CompressionMethod method) {
    byte[] zeros = new byte[1 << 20];
    return ByteView.of(
        switch (method) {
          case GZIP -> gzip(zeros, 1024);
          case XZ -> xz(zeros, 1024);
          case ZSTD -> zstdBlocks((byte) 0, 8192, 27);
          case LZ4 -> {
            byte[] chunk = Samples.compressed(method, new byte[Lz4Decompressor.CHUNK]);
            yield repeated(chunk, 4, chunk.length, 128);
          }
          case LZO -> {
            byte[] file = Samples.compressed(method, new byte[LzoDecompressor.BLOCK]);
            int from = LzopHeader.parse(ByteView.of(file)).length();
            yield repeated(file, from, file.length - 4, 4096);
          }
          case BZIP2, LZMA -> Samples.compressed(method, new byte[48 << 20]);
        });
  }

  /** The bytes before {@code from}, and {@code count} times those up to {@code to}. */
  private static byte[] repeated(byte[] bytes, int from, int to, int count) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, from);
    for (int i = 0; i < count; i++) {
      out.write(bytes, from, to - from);
    }
    return out.toByteArray();
  }

  private static byte[] gzip(byte[] part, int count) {
    Deflater deflater = new Deflater(9, true);
    deflater.setInput(part);
    byte[] deflated = new byte[part.length];
    int length = deflater.deflate(deflated, 0, deflated.length, Deflater.FULL_FLUSH);
    deflater.end();
    byte[] file = new byte[10 + length];
    System.arraycopy(new byte[] {0x1f, (byte) 0x8b, 8}, 0, file, 0, 3);
    System.arraycopy(deflated, 0, file, 10, length);
    return repeated(file, 10, file.length, count);
  }

  private static byte[] xz(byte[] part, int count) {
    byte[] stream = Samples.compressed(CompressionMethod.XZ, part);
    int footer = stream.length - 12;
    int indexSize = ByteBuffer.wrap(stream).order(ByteOrder.LITTLE_ENDIAN).getInt(footer + 4);
    return repeated(stream, 12, footer - (indexSize + 1) * 4, count);
  }

  /** A frame with a window of a power of two, and blocks of one repeated byte. */
  private static byte[] zstdBlocks(byte descriptor, int count, long windowLogOrSize) {
    ByteBuffer frame = ByteBuffer.allocate(13 + 4 * count).order(ByteOrder.LITTLE_ENDIAN);
    frame.putInt(0xfd2f_b528).put(descriptor);
    if (descriptor == 0) {
      frame.put((byte) (windowLogOrSize - 10 << 3));
    } else {
      frame.putLong(windowLogOrSize);
    }
    for (int i = 1; i <= count; i++) {
      int header = ZSTD_BLOCK << 3 | 1 << 1 | (i == count ? 1 : 0);
      frame.putShort((short) header).put((byte) (header >> 16)).put((byte) 0);
    }
    return Arrays.copyOf(frame.array(), frame.position());
  }

  /** Where the dictionary's size stands: the last byte of the block header before its padding. */
  private static int lastFilterProperty(byte[] xz) {
    int end = 12 + (xz[12] + 1) * 4 - 4;
    while (xz[end - 1] == 0) {
      end--;
    }
    return end - 1;
  }

  private static byte[] withBlockHeaderCrc(byte[] xz) {
    int size = (xz[12] + 1) * 4;
    CRC32 crc = new CRC32();
    crc.update(xz, 12, size - 4);
    ByteBuffer.wrap(xz).order(ByteOrder.LITTLE_ENDIAN).putInt(12 + size - 4, (int) crc.getValue());
    return xz;
  }
}
