package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.image.Payload;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

final class InPlaceTest {
  private static final long LIMIT = 1 << 28;

  /** By how much fast decoders may overshoot the end of a copy, or read ahead. */
  private static final int STRIDE = 512;

  private static byte[] compress(CompressionMethod method, byte[] content) {
    return Compressors.byMethod(method).compress(ByteView.of(content));
  }

  private static CompressedPayload payload(CompressionMethod method, byte[] bytes) {
    return new CompressedPayload(method, ByteView.of(bytes), OptionalLong.empty());
  }

  static Stream<Arguments> samples() {
    return Stream.of(CompressionMethod.values())
        .flatMap(method -> contents().entrySet().stream().map(e -> Arguments.of(method, e)));
  }

  private static Map<String, byte[]> contents() {
    Map<String, byte[]> contents = Samples.shapes();
    // The end compresses worse than the whole: the writer gains on the reader before it.
    ByteArrayOutputStream late = new ByteArrayOutputStream();
    late.writeBytes(Samples.text(3_000_000));
    late.writeBytes(Samples.random(500_000));
    contents.put("random at the end", late.toByteArray());
    return contents;
  }

  /** In one array: the payload {@code margin} bytes behind where the output ends. */
  private record Buffer(byte[] array, ByteView payload) {
    static Buffer of(byte[] payload, int size, long margin) {
      int start = Math.toIntExact(size + margin - payload.length);
      byte[] array = new byte[Math.max(start + payload.length, size)];
      System.arraycopy(payload, 0, array, start, payload.length);
      return new Buffer(array, ByteView.of(array, start, payload.length));
    }

    boolean holds(byte[] content) {
      return Arrays.equals(array, 0, content.length, content, 0, content.length);
    }
  }

  /** Our reader of lzop files looks at a block's checksum, in front of it, after the block. */
  private static int slack(CompressionMethod method) {
    return method == CompressionMethod.LZO ? LzoDecompressor.BLOCK : STRIDE;
  }

  @ParameterizedTest
  @MethodSource("samples")
  void decodersGetByWithTheNeededMargin(
      CompressionMethod method, Map.Entry<String, byte[]> sample) {
    byte[] content = sample.getValue();
    byte[] bytes = compress(method, content);
    checkPositions(method, bytes, content.length);
    long needed = InPlace.measure(payload(method, bytes), 0, LIMIT).needed();
    assertThat(InPlace.measure(payload(method, bytes), 1 << 30, LIMIT).needed()).isEqualTo(needed);
    Buffer buffer =
        Buffer.of(
            bytes, content.length, Math.max(needed, bytes.length - content.length) + slack(method));
    int produced =
        Decompressors.byMethod(method).decompress(buffer.payload(), buffer.array(), Progress.NONE);
    assertThat(produced).isEqualTo(content.length);
    assertThat(buffer.holds(content)).isTrue();
  }

  private static void checkPositions(CompressionMethod method, byte[] payload, int size) {
    int[] last = new int[2];
    boolean[] wrong = new boolean[1];
    InPlace.positions(method)
        .follow(
            ByteView.of(payload),
            size,
            (consumed, produced) -> {
              wrong[0] |= consumed < last[0] || produced < last[1] || consumed > payload.length;
              last[0] = consumed;
              last[1] = produced;
            });
    assertThat(wrong[0]).as("goes back, or beyond the payload").isFalse();
    assertThat(last[1]).isEqualTo(size);
  }

  private static void lzma(CompressionMethod method, Buffer buffer, int size) {
    new LzmaPositions(method).decode(buffer.payload(), size, buffer.array(), Progress.NONE);
  }

  @ParameterizedTest
  @EnumSource(
      value = CompressionMethod.class,
      names = {"LZMA", "XZ"})
  void aByteLessIsTooLittleForLzma(CompressionMethod method) {
    byte[] content = contents().get("random at the end");
    byte[] bytes = compress(method, content);
    long needed = InPlace.measure(payload(method, bytes), 0, LIMIT).needed();

    Buffer enough = Buffer.of(bytes, content.length, needed);
    lzma(method, enough, content.length);
    assertThat(enough.holds(content)).isTrue();

    Buffer tooLittle = Buffer.of(bytes, content.length, needed - 1);
    try {
      lzma(method, tooLittle, content.length);
    } catch (KexecException e) {
      assertThat(e.reason()).isEqualTo(Reason.CORRUPT_PAYLOAD);
    }
    assertThat(tooLittle.holds(content)).isFalse();
  }

  @Test
  void aByteLessIsTooLittleForLibzstd() {
    byte[] content = contents().get("random at the end");
    byte[] bytes = compress(CompressionMethod.ZSTD, content);
    long needed = InPlace.measure(payload(CompressionMethod.ZSTD, bytes), 0, LIMIT).needed();
    Decompressor zstd = Decompressors.byMethod(CompressionMethod.ZSTD);

    Buffer enough = Buffer.of(bytes, content.length, needed);
    assertThat(zstd.decompress(enough.payload(), enough.array(), Progress.NONE))
        .isEqualTo(content.length);
    assertThat(enough.holds(content)).isTrue();

    Buffer tooLittle = Buffer.of(bytes, content.length, needed - 1);
    assertThatThrownBy(() -> zstd.decompress(tooLittle.payload(), tooLittle.array(), Progress.NONE))
        .isInstanceOf(KexecException.class);
  }

  @Test
  void farTooLittleIsTooLittleForLz4() {
    byte[] content = contents().get("random at the end");
    byte[] bytes = compress(CompressionMethod.LZ4, content);
    long needed = InPlace.measure(payload(CompressionMethod.LZ4, bytes), 0, LIMIT).needed();
    assumeThat(needed).isGreaterThan(STRIDE);
    Buffer buffer = Buffer.of(bytes, content.length, needed - STRIDE);
    try {
      Decompressors.byMethod(CompressionMethod.LZ4)
          .decompress(buffer.payload(), buffer.array(), Progress.NONE);
    } catch (KexecException e) {
      assertThat(e.reason()).isEqualTo(Reason.CORRUPT_PAYLOAD);
    }
    assertThat(buffer.holds(content)).isFalse();
  }

  @ParameterizedTest
  @EnumSource(CompressionMethod.class)
  void noMarginIsNotEnough(CompressionMethod method) {
    byte[] content = contents().get("random at the end");
    byte[] bytes = compress(method, content);
    InPlaceMargin margin = InPlace.measure(payload(method, bytes), 0, LIMIT);
    assertThat(margin.isEnough()).isFalse();
    assertThat(margin.granted()).isEqualTo(bytes.length - content.length);
    assertThat(margin.smallestDistance()).isEqualTo(margin.consumed() - margin.produced());
  }

  @Test
  void aDamagedPayloadIsRefused() {
    byte[] bytes = compress(CompressionMethod.GZIP, Samples.text(100_000));
    CompressedPayload cut = payload(CompressionMethod.GZIP, Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> InPlace.measure(cut, 0, LIMIT))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TRUNCATED));
  }

  private static ByteView image(String name) throws IOException {
    Path file = Path.of(System.getProperty("kexecsim.images", ""), name);
    assumeTrue(Files.isRegularFile(file), () -> "skipped: kexecsim.images has no " + name);
    return ByteView.of(Files.readAllBytes(file));
  }

  @Test
  void debiansBzImageHasRoomToSpare() throws IOException {
    ByteView file = image("deb612-cloud-amd64.bzImage");
    BzImage image = (BzImage) ImageProbe.parse(file);
    Payload stored = image.payload(file).orElseThrow();
    long size = stored.declaredSize().orElseThrow();
    CompressedPayload payload =
        new CompressedPayload(
            stored.method().orElseThrow(),
            file.slice(stored.offset(), stored.size()),
            stored.declaredSize());

    long least = InPlace.kernelStart(size, image.payloadLength());
    long start = image.inPlaceStart(file).orElseThrow();
    // This kernel's init_size comes from the formula, so what head_64.S does agrees with it.
    assertThat(start - image.payloadOffset()).isEqualTo(least + 4095 & -4096);
    InPlaceMargin margin = InPlace.measure(payload, least, LIMIT);
    assertThat(margin.isEnough()).isTrue();
    // A block of zstd has to fit, so next to nothing of the margin's constant part is to spare.
    assertThat(margin.needed()).isPositive();
    assertThat(InPlace.measure(payload, start, LIMIT).smallestDistance())
        .isEqualTo(margin.smallestDistance() + start - least);
  }

  @ParameterizedTest
  @EnumSource(CompressionMethod.class)
  void theKernelsMarginIsEnoughForAKernel(CompressionMethod method) throws IOException {
    byte[] kernel = image("tiny72-arm64.Image").toByteArray();
    byte[] bytes = compress(method, kernel);
    int sizeWord = method == CompressionMethod.GZIP ? 0 : 4;
    long start = InPlace.kernelStart(kernel.length, bytes.length + sizeWord);
    InPlaceMargin margin = InPlace.measure(payload(method, bytes), start, LIMIT);
    assertThat(margin.isEnough()).isTrue();
    assertThat(margin.granted()).isEqualTo(InPlace.kernelMargin(kernel.length) - sizeWord);
  }
}
