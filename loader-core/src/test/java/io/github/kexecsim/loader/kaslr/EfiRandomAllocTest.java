package io.github.kexecsim.loader.kaslr;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.memory.EfiMemoryDesc;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The places that a stub may choose, against a walk over every address. */
class EfiRandomAllocTest {
  private static final long PAGE = 4096;
  private static final long MIRRORED = 0x1_0000;
  private static final long HOT_PLUGGABLE = 0x10_0000;
  private static final List<Long> ATTRIBUTES =
      List.of(
          EfiMemoryDesc.WB,
          EfiMemoryDesc.WB,
          EfiMemoryDesc.WB | EfiMemoryDesc.SP,
          EfiMemoryDesc.WB | HOT_PLUGGABLE);

  @Test
  void placesAreThoseOfAWalkOverEveryAddress() {
    SplittableRandom random = new SplittableRandom(3);
    for (int round = 0; round < 1000; round++) {
      List<EfiMemoryDesc> map = map(random, random.nextInt(4) == 0);
      long align = PAGE << random.nextInt(4);
      EfiRandomAlloc alloc =
          new EfiRandomAlloc(
              PAGE * (1 + random.nextLong(6)),
              align,
              align,
              random.nextBoolean() ? Long.MAX_VALUE : PAGE * random.nextLong(120) + 4095);

      Slots slots = alloc.slots(map);

      List<Long> expected = walk(map, alloc);
      assertThat(slots.count()).isEqualTo(expected.size());
      for (int i = 0; i < expected.size(); i++) {
        assertThat(slots.at(i)).isEqualTo(expected.get(i));
      }
    }
  }

  @Test
  void seedsChooseEvenlyFromTheFirstToTheLast() {
    assertThat(EfiRandomAlloc.choose(10, 0)).isZero();
    assertThat(EfiRandomAlloc.choose(10, 0xffff_ffffL)).isEqualTo(9);
    assertThat(EfiRandomAlloc.choose(10, 0x8000_0000L)).isEqualTo(5);
    assertThat(EfiRandomAlloc.choose(10, 0x7_0000_0000L)).isZero();
    assertThat(EfiRandomAlloc.choose(0, 0xffff_ffffL)).isZero();
  }

  private static List<Long> walk(List<EfiMemoryDesc> map, EfiRandomAlloc alloc) {
    boolean mirroredOnly =
        map.stream().anyMatch(desc -> isMirrored(desc) && !walk(desc, alloc).isEmpty());
    List<Long> places = new ArrayList<>();
    for (EfiMemoryDesc desc : map) {
      if (!mirroredOnly || isMirrored(desc)) {
        places.addAll(walk(desc, alloc));
      }
    }
    return places;
  }

  private static boolean isMirrored(EfiMemoryDesc desc) {
    return (desc.attribute() & MIRRORED) != 0;
  }

  private static List<Long> walk(EfiMemoryDesc desc, EfiRandomAlloc alloc) {
    List<Long> places = new ArrayList<>();
    boolean isOut =
        desc.type() != EfiMemoryDesc.CONVENTIONAL
            || (desc.attribute() & (EfiMemoryDesc.SP | HOT_PLUGGABLE)) != 0;
    for (long at = desc.range().start(); !isOut && at < desc.range().end(); at += PAGE) {
      boolean fits =
          at + alloc.size() <= desc.range().end() && at + alloc.size() - 1 <= alloc.max();
      if (at >= alloc.min() && at % alloc.align() == 0 && fits) {
        places.add(at);
      }
    }
    return places;
  }

  private static List<EfiMemoryDesc> map(SplittableRandom random, boolean mirrors) {
    List<EfiMemoryDesc> map = new ArrayList<>();
    long next = 0;
    for (int i = 0; i < 6; i++) {
      long start = next + PAGE * random.nextLong(8);
      next = start + PAGE * (1 + random.nextLong(20));
      long attribute = ATTRIBUTES.get(random.nextInt(ATTRIBUTES.size()));
      map.add(
          new EfiMemoryDesc(
              new PhysRange(start, next),
              random.nextInt(3) == 0 ? EfiMemoryDesc.LOADER_DATA : EfiMemoryDesc.CONVENTIONAL,
              attribute | (mirrors && random.nextBoolean() ? MIRRORED : 0)));
    }
    return map;
  }
}
