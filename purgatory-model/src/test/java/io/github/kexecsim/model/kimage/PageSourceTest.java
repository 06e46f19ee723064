package io.github.kexecsim.model.kimage;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PageSourceTest {
  private static final int PAGE = 4096;
  private static final PhysRangeSet FREE =
      PhysRangeSet.of(
          new PhysRange(0x10000, 0x23000),
          new PhysRange(0x31000, 0x32000),
          new PhysRange(0x40000, 0x58000));
  private static final PhysRange DESTINATION = new PhysRange(0x14000, 0x18000);

  static List<PageSource> sources() {
    return List.of(
        PageSource.LOWEST_FIRST,
        PageSource.HIGHEST_FIRST,
        PageSource.TRAILING,
        PageSource.random(1),
        PageSource.random(2),
        PageSource.adversarial(3));
  }

  private static FreePages pages(PageSource source) {
    KexecSegment segment = new KexecSegment(SegmentRole.KERNEL, DESTINATION, 0, Optional.empty());
    return new FreePages(source, FREE, new Destinations(List.of(segment), PAGE));
  }

  private static List<Long> all(FreePages pages) {
    List<Long> all = new ArrayList<>();
    for (long page = pages.take(); page != FreePages.NONE; page = pages.take()) {
      all.add(page);
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("sources")
  void handsOutEveryPageOnce(PageSource source) {
    List<Long> taken = all(pages(source));
    Set<Long> expected = new HashSet<>();
    for (PhysRange range : FREE.ranges()) {
      for (long page = range.start(); page < range.end(); page += PAGE) {
        expected.add(page);
      }
    }
    assertThat(taken).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void everySeedGivesAnotherOrderOfAllPages() {
    Set<List<Long>> orders = new HashSet<>();
    for (int seed = 0; seed < 200; seed++) {
      List<Long> taken = all(pages(PageSource.random(seed)));
      assertThat(taken)
          .doesNotHaveDuplicates()
          .hasSize(44)
          .allMatch(page -> FREE.contains(PhysRange.ofSize(page, PAGE)));
      assertThat(orders.add(taken)).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("sources")
  void givesTheSameOrderEveryTime(PageSource source) {
    assertThat(all(pages(source))).isEqualTo(all(pages(source)));
  }

  @ParameterizedTest
  @MethodSource("sources")
  void blocksElsewhereAreAlignedAndOutsideDestinations(PageSource source) {
    FreePages pages = pages(source);
    Set<Long> seen = new HashSet<>();
    for (int order : new int[] {1, 0, 2, 1, 0, 0, 1, 1, 2, 0}) {
      long block = pages.takeElsewhere(order);
      long size = (long) PAGE << order;
      assertThat(block % size).isZero();
      assertThat(PhysRange.ofSize(block, size).overlaps(DESTINATION)).isFalse();
      assertThat(FREE.contains(PhysRange.ofSize(block, size))).isTrue();
      for (long page = block; page < block + size; page += PAGE) {
        assertThat(seen.add(page)).isTrue();
      }
    }
    assertThat(all(pages)).doesNotContainAnyElementsOf(seen);
  }

  @Test
  void ordersAreWhatTheirNamesSay() {
    assertThat(all(pages(PageSource.LOWEST_FIRST))).isSorted();
    assertThat(pages(PageSource.HIGHEST_FIRST).take()).isEqualTo(0x57000);
    assertThat(all(pages(PageSource.adversarial(0))).subList(0, 4))
        .containsExactlyInAnyOrder(0x14000L, 0x15000L, 0x16000L, 0x17000L);
    assertThat(all(pages(PageSource.TRAILING)).subList(4, 8))
        .containsExactly(0x14000L, 0x15000L, 0x16000L, 0x17000L);
    assertThat(all(pages(PageSource.random(1)))).isNotEqualTo(all(pages(PageSource.random(2))));
  }

  @ParameterizedTest
  @MethodSource("sources")
  void isFoundByItsLabel(PageSource source) {
    assertThat(PageSource.byLabel(source.label())).contains(source);
  }

  @Test
  void otherLabelsAreNone() {
    assertThat(PageSource.byLabel("random")).isEmpty();
    assertThat(PageSource.byLabel("random:-1")).isEmpty();
    assertThat(PageSource.byLabel("lowest:1")).isEmpty();
    assertThat(PageSource.byLabel("best")).isEmpty();
    assertThat(PageSource.byLabel("random:x")).isEmpty();
    assertThat(PageSource.byLabel("")).isEmpty();
  }
}
