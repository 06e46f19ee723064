package io.github.kexecsim.loader.fdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A damaged blob is refused for what it is, or it is still a tree that everything can work on. */
class FdtMutationTest {
  private static final Set<Reason> REFUSALS = EnumSet.of(Reason.BAD_DEVICE_TREE, Reason.TRUNCATED);
  private static final KexecDeviceTree.Edits EDITS =
      KexecDeviceTree.Edits.forPageSize(4096).withInitrd(new FdtRegion(0x1000, 1)).withCmdline("x");

  private final byte[] blob = SampleTrees.machine();
  private int trees;
  private int refusals;

  @Test
  void everyByteChanged() {
    for (int at = 0; at < blob.length; at++) {
      for (int flip = 1; flip < 512; flip <<= 1) {
        byte[] mutant = blob.clone();
        mutant[at] ^= (byte) (flip < 256 ? flip : 0xff);
        survive(mutant);
      }
    }
    assertThat(trees).isPositive();
    assertThat(refusals).isPositive();
  }

  @Test
  void everyWordReplaced() {
    int[] words = {0, 1, 2, 3, 4, 9, 40, 0x7fffffff, 0x80000000, -1, -4, blob.length};
    for (int at = 0; at + 4 <= blob.length; at += 4) {
      for (int word : words) {
        survive(SampleTrees.withU32(blob, at, word));
      }
    }
  }

  @Test
  void cutAtEveryLength() {
    for (int length = 0; length < blob.length; length++) {
      byte[] cut = Arrays.copyOf(blob, length);
      assertThat(survive(cut)).isFalse();
      if (length >= 8) {
        survive(SampleTrees.withU32(cut, 4, length));
      }
    }
  }

  @Test
  void manyBytesChanged() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 20_000; round++) {
      byte[] mutant = blob.clone();
      for (int i = random.nextInt(1, 6); i > 0; i--) {
        mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
      }
      survive(mutant);
    }
  }

  private boolean survive(byte[] mutant) {
    try {
      FlattenedDeviceTree tree = SampleTrees.parse(mutant);
      byte[] packed = FdtEditor.open(tree).pack();
      FlattenedDeviceTree again = SampleTrees.parse(packed);
      assertThat(FdtEditor.open(again).pack()).isEqualTo(packed);
      assertThat(again.memRsv()).isEqualTo(tree.memRsv());
      trees++;
      use(tree);
      return true;
    } catch (KexecException refusal) {
      assertThat(refusal.reason()).isIn(REFUSALS);
      refusals++;
      return false;
    }
  }

  private static void use(FlattenedDeviceTree tree) {
    try {
      byte[] next = KexecDeviceTree.setup(tree, EDITS);
      FlattenedDeviceTree.parse(ByteView.of(next));
      DeviceTreeMemory.of(tree);
    } catch (KexecException refusal) {
      assertThat(refusal.reason()).isIn(REFUSALS);
    }
  }
}
