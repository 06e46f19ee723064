package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.lzo.LzoCompressor;
import io.airlift.compress.lzo.LzoDecompressor;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** LZO1X blocks against aircompressor's encoder and decoder. */
final class Lzo1xTest {
  private static final int BLOCK = 256 << 10;
  private static final int MARGIN = 40;

  private final LzoDecompressor oracle = new LzoDecompressor();

  @Test
  void agreesOnEveryShape() {
    for (byte[] shape : Samples.shapes().values()) {
      for (int size : new int[] {1, 4, 238, 239, 1000, 65_536, BLOCK}) {
        if (size <= shape.length) {
          agrees(Arrays.copyOf(shape, size));
        }
      }
    }
  }

  @Test
  void agreesOnEveryShortLength() {
    byte[] text = Samples.text(600);
    byte[] random = Samples.random(600);
    for (int size = 1; size <= 600; size++) {
      agrees(Arrays.copyOf(text, size));
      agrees(Arrays.copyOf(random, size));
    }
  }

  @Test
  void agreesOnEveryDistance() {
    byte[] noise = Samples.random(BLOCK);
    for (int distance = 1; distance < 60_000; distance += distance < 3000 ? 1 : 97) {
      byte[] content = Arrays.copyOf(noise, distance + 70);
      for (int i = distance; i < content.length; i++) {
        content[i] = content[i - distance];
      }
      byte[] block = new Lzo1xEncoder().encode(content, 0, content.length);
      assertThat(decode(block, content.length)).isEqualTo(content);
      byte[] unmatched = new Lzo1xEncoder().encode(noise, 0, content.length);
      assertThat(block.length < unmatched.length).isEqualTo(distance < 49_152);
    }
  }

  @Test
  void agreesOnDamagedBlocks() {
    SplittableRandom random = new SplittableRandom(5);
    byte[] content = Samples.mixed(3000);
    byte[] block = new Lzo1xEncoder().encode(content, 0, content.length);
    int decoded = 0;
    for (int i = 0; i < 200_000; i++) {
      byte[] damaged = block.clone();
      damaged[random.nextInt(block.length)] = (byte) random.nextInt();
      byte[] ours = decodeOrNull(damaged, content.length);
      if (ours != null) {
        decoded++;
        byte[] theirs = new byte[content.length];
        assertThat(oracle.decompress(damaged, 0, damaged.length, theirs, 0, theirs.length))
            .isEqualTo(content.length);
        assertThat(Arrays.equals(ours, theirs)).isTrue();
      } else {
        assertThat(oracleDecodes(damaged, content.length)).isFalse();
      }
    }
    assertThat(decoded).isPositive();
  }

  private void agrees(byte[] content) {
    byte[] ours = new Lzo1xEncoder().encode(content, 0, content.length);
    byte[] output = new byte[content.length];
    assertThat(oracle.decompress(ours, 0, ours.length, output, 0, output.length))
        .isEqualTo(content.length);
    assertThat(Arrays.equals(output, content)).isTrue();
    assertThat(Arrays.equals(decode(ours, content.length), content)).isTrue();

    LzoCompressor encoder = new LzoCompressor();
    byte[] theirs = new byte[encoder.maxCompressedLength(content.length)];
    int length = encoder.compress(content, 0, content.length, theirs, 0, theirs.length);
    assertThat(Arrays.equals(decode(Arrays.copyOf(theirs, length), content.length), content))
        .isTrue();
  }

  private boolean oracleDecodes(byte[] block, int size) {
    try {
      return oracle.decompress(block, 0, block.length, new byte[size], 0, size) == size;
    } catch (MalformedInputException e) {
      return false;
    }
  }

  private static byte[] decodeOrNull(byte[] block, int size) {
    try {
      return decode(block, size);
    } catch (KexecException e) {
      assertThat(e.reason()).isEqualTo(Reason.CORRUPT_PAYLOAD);
      return null;
    }
  }

  /** Decodes between canaries, from within a larger array. */
  private static byte[] decode(byte[] block, int size) {
    byte[] output = new byte[MARGIN + size + MARGIN];
    Arrays.fill(output, (byte) 0x5a);
    ByteView payload = Samples.framed(block, 3, 5);
    try {
      Lzo1x.decompress(payload, 0, block.length, output, MARGIN, size);
    } finally {
      assertThat(Arrays.copyOf(output, MARGIN)).containsOnly(0x5a);
      assertThat(Arrays.copyOfRange(output, MARGIN + size, output.length)).containsOnly(0x5a);
    }
    return Arrays.copyOfRange(output, MARGIN, MARGIN + size);
  }
}
