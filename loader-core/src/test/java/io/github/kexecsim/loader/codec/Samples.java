package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Contents to compress. */
final class Samples {
  private Samples() {}

  /** One of each shape that treats an encoder or decoder differently. */
  static Map<String, byte[]> shapes() {
    Map<String, byte[]> shapes = new LinkedHashMap<>();
    shapes.put("empty", new byte[0]);
    shapes.put("one byte", new byte[] {42});
    shapes.put("three bytes", new byte[] {1, 2, 3});
    shapes.put("zeros", new byte[1_000_003]);
    shapes.put("random", random(300_000));
    shapes.put("text", text(700_001));
    shapes.put("code", mixed(400_000));
    return shapes;
  }

  static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new SplittableRandom(1).nextBytes(bytes);
    return bytes;
  }

  static byte[] text(int size) {
    SplittableRandom random = new SplittableRandom(2);
    StringBuilder text = new StringBuilder(size + 16);
    String[] words = {"segment ", "kimage ", "purgatory\n", "the ", "of ", "0x40800000 ", "memsz "};
    while (text.length() < size) {
      text.append(words[random.nextInt(words.length)]).append(random.nextInt(1000));
    }
    text.setLength(size);
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /** Runs, repeats from every distance and noise, by chance. */
  static byte[] mixed(int size) {
    SplittableRandom random = new SplittableRandom(3);
    byte[] bytes = new byte[size];
    int at = 0;
    while (at < size) {
      int length = Math.min(1 + random.nextInt(1 << random.nextInt(10)), size - at);
      int distance = 1 + random.nextInt(1 << random.nextInt(18));
      for (int i = 0; i < length; i++, at++) {
        bytes[at] = distance <= at ? bytes[at - distance] : (byte) random.nextInt();
      }
      if (at < size && random.nextInt(3) > 0) {
        bytes[at++] = (byte) random.nextInt();
      }
    }
    return bytes;
  }

  static byte[] compressed(CompressionMethod method, byte[] content) {
    return Compressors.byMethod(method).compress(ByteView.of(content));
  }

  /**
   * {@code bytes} with {@code before} bytes of something else in front and {@code after} behind.
   */
  static ByteView framed(byte[] bytes, int before, int after) {
    byte[] framed = random(before + bytes.length + after);
    System.arraycopy(bytes, 0, framed, before, bytes.length);
    return ByteView.of(framed, before, bytes.length);
  }
}
