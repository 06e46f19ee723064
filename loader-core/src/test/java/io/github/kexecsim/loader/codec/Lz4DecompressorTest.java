package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class Lz4DecompressorTest extends DecompressorContractTest {
  Lz4DecompressorTest() {
    super(CompressionMethod.LZ4);
  }

  @Override
  boolean hasChecksum() {
    return false;
  }

  @Override
  boolean reportsEveryStep() {
    return false;
  }

  @Override
  Set<Integer> unnoticedCuts() {
    return Set.of(4, 5, 6, 7);
  }

  @Test
  void goesOnBehindARepeatedMagic() {
    byte[] one = Samples.compressed(CompressionMethod.LZ4, Samples.text(1000));
    byte[] two = Arrays.copyOf(one, 2 * one.length);
    System.arraycopy(one, 0, two, one.length, one.length);
    byte[] output = decode(two, 2000);
    assertThat(Arrays.copyOfRange(output, 1000, 2000)).isEqualTo(Samples.text(1000));
    assertFault(Reason.SIZE_MISMATCH, () -> decode(two, 1999));
  }

  @Test
  void doesNotTakeASizeWordForAChunk() {
    byte[] content = Samples.text(1000);
    byte[] compressed = Samples.compressed(CompressionMethod.LZ4, content);
    byte[] withSize = Arrays.copyOf(compressed, compressed.length + 4);
    withSize[compressed.length] = (byte) content.length;
    withSize[compressed.length + 1] = (byte) (content.length >> 8);
    assertThat(decode(withSize, 2000)).isEqualTo(content);
  }

  @Test
  void refusesAMatchBeforeTheStart() {
    // Token: 1 literal, match of 4 from 9 bytes behind; then 5 literals.
    byte[] chunk =
        HexFormat.of().parseHex("02214c18" + "0a000000" + "1041" + "0900" + "504142434445");
    assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(chunk, 100));
  }

  @Test
  void refusesAChunkAboveEightMebibytes() {
    // 3 literals, a match of 9 MiB, 5 literals: 0x10 bytes of token, offset and tail around 0xff..
    byte[] block = new byte[(9 << 20) / 255 + 20];
    Arrays.fill(block, (byte) -1);
    block[0] = 0x3f;
    block[4] = 1;
    block[5] = 0;
    block[block.length - 7] = 0;
    block[block.length - 6] = 0x50;
    byte[] payload = new byte[8 + block.length];
    System.arraycopy(HexFormat.of().parseHex("02214c18"), 0, payload, 0, 4);
    for (int i = 0; i < 4; i++) {
      payload[4 + i] = (byte) (block.length >> 8 * i);
    }
    System.arraycopy(block, 0, payload, 8, block.length);
    assertFault(Reason.CORRUPT_PAYLOAD, () -> decode(payload, 20 << 20));
    assertFault(Reason.SIZE_MISMATCH, () -> decode(payload, 7 << 20));
  }
}
