package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.RelocationTail.Group;
import io.github.kexecsim.loader.image.RelocationTail.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RelocationTailTest {
  @Test
  void threeListsHaveInverseRelocations() {
    RelocationTail tail =
        parse(
            true, 0, 0x81000010, 0x81000020, 0, 0x81000005, 0, 0x81000001, 0x81000002, 0x81000003);
    assertThat(tail.groups())
        .containsExactly(
            new Group(Kind.ABSOLUTE_64, 2, 0xffff_ffff_8100_0010L, 0xffff_ffff_8100_0020L),
            new Group(Kind.INVERSE_32, 1, 0xffff_ffff_8100_0005L, 0xffff_ffff_8100_0005L),
            new Group(Kind.ABSOLUTE_32, 3, 0xffff_ffff_8100_0001L, 0xffff_ffff_8100_0003L));
    assertThat(tail.count()).isEqualTo(6);
    assertThat(tail.size()).isEqualTo(36);
  }

  @Test
  void twoListsHaveNone() {
    RelocationTail tail = parse(true, 0, 0x81000010, 0, 0x81000001);
    assertThat(tail.groups())
        .extracting(Group::kind)
        .containsExactly(Kind.ABSOLUTE_64, Kind.ABSOLUTE_32);
    assertThat(parse(true, 0, 0).count()).isZero();
  }

  @Test
  void kernelsOf32BitsHaveOneList() {
    assertThat(parse(false, 0, 0xc1000001).groups())
        .containsExactly(new Group(Kind.ABSOLUTE_32, 1, 0xc100_0001L, 0xc100_0001L));
  }

  @Test
  void whatIsNoTableIsRefused() {
    assertRefused(true, 0x81000001, 0, 0);
    assertRefused(true, 0, 0x81000001);
    assertRefused(true, 0, 0, 0, 0);
    assertRefused(false, 0, 0, 0x81000001);
    assertRefused(true);
    assertThatThrownBy(() -> RelocationTail.parse(ByteView.of(new byte[7]), 0, true))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_HEADER));
    assertThatThrownBy(() -> RelocationTail.parse(ByteView.of(new byte[8]), 9, true))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TRUNCATED));
  }

  @Test
  void placesAreInsideWithAllTheirBytes() {
    Group wide = new Group(Kind.ABSOLUTE_64, 2, 0x1000, 0x1ff8);
    assertThat(wide.isInside(0x1000, 0x2000)).isTrue();
    assertThat(wide.isInside(0x1001, 0x2000)).isFalse();
    assertThat(wide.isInside(0x1000, 0x1fff)).isFalse();
    assertThat(List.of(Kind.values()))
        .allMatch(kind -> new Group(kind, 0, 0, 0).isInside(0x1000, 0x2000));
  }

  @Test
  void placesAreVisitedFromTheLastOn() {
    ByteView file = words(7, 7, 0, 0x81000010, 0x81000020, 0, 0, 0x81000001);
    List<String> visited = new ArrayList<>();

    RelocationTail.parse(file, 8, true)
        .forEachFromLast(file, (kind, address) -> visited.add(kind + " " + (int) address));

    assertThat(visited)
        .containsExactly(
            Kind.ABSOLUTE_32 + " " + 0x81000001,
            Kind.ABSOLUTE_64 + " " + 0x81000020,
            Kind.ABSOLUTE_64 + " " + 0x81000010);
  }

  private static RelocationTail parse(boolean is64Bit, int... words) {
    return RelocationTail.parse(words(words), 0, is64Bit);
  }

  private static ByteView words(int... words) {
    ByteBuffer out = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int word : words) {
      out.putInt(word);
    }
    return ByteView.of(out.array());
  }

  private static void assertRefused(boolean is64Bit, int... words) {
    assertThatThrownBy(() -> parse(is64Bit, words))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_HEADER));
  }
}
