package io.github.kexecsim.model.kimage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SegmentPagesTest {
  private static final int PAGE = 4096;
  private static final byte[] BYTES = new byte[PAGE + 1000];

  static {
    new SplittableRandom(3).nextBytes(BYTES);
  }

  private static SegmentPages pages(long mem, int count, long bufsz, Optional<ByteView> content) {
    PhysRange range = PhysRange.ofSize(mem, (long) count * PAGE);
    return new SegmentPages(new KexecSegment(SegmentRole.KERNEL, range, bufsz, content), PAGE);
  }

  private static SegmentPages known(int count, byte[] bytes) {
    return pages(0x8000, count, bytes.length, Optional.of(ByteView.of(bytes)));
  }

  private static SegmentPages unknown(long mem, int count, long bufsz) {
    return pages(mem, count, bufsz, Optional.empty());
  }

  private static byte[] page(SegmentPages pages, long index) {
    return pages.page(index).toByteArray();
  }

  @Test
  void theContentIsFollowedByZeros() {
    SegmentPages pages = known(3, BYTES);

    assertThat(pages.isKnown()).isTrue();
    assertThat(pages.count()).isEqualTo(3);
    assertThat(page(pages, 0)).isEqualTo(Arrays.copyOf(BYTES, PAGE));
    assertThat(page(pages, 1))
        .isEqualTo(Arrays.copyOf(Arrays.copyOfRange(BYTES, PAGE, PAGE + 1000), PAGE));
    assertThat(page(pages, 2)).isEqualTo(new byte[PAGE]);
  }

  @Test
  void contentMayEndWithAPage() {
    SegmentPages pages = known(2, Arrays.copyOf(BYTES, PAGE));

    assertThat(page(pages, 0)).isEqualTo(Arrays.copyOf(BYTES, PAGE));
    assertThat(page(pages, 1)).isEqualTo(new byte[PAGE]);
  }

  @Test
  void whatIsNotCopiedIsKnownToBeZero() {
    SegmentPages pages = unknown(0x8000, 2, 0);

    assertThat(pages.isKnown()).isTrue();
    assertThat(page(pages, 0)).isEqualTo(new byte[PAGE]);
  }

  @Test
  void aPatternStandsInForUnknownBytesAndForThemOnly() {
    SegmentPages pages = unknown(0x8000, 3, PAGE + 1000);

    assertThat(pages.isKnown()).isFalse();
    assertThat(page(pages, 0)).isNotEqualTo(new byte[PAGE]).hasSize(PAGE);
    byte[] last = page(pages, 1);
    assertThat(Arrays.copyOf(last, 1000)).isNotEqualTo(new byte[1000]);
    assertThat(Arrays.copyOfRange(last, 1000, PAGE)).containsOnly(0);
    assertThat(page(pages, 2)).isEqualTo(new byte[PAGE]);
  }

  /** So a page is told from any other by what it holds, wherever its segment begins. */
  @Test
  void thePatternFollowsFromTheAddressAlone() {
    assertThat(page(unknown(0x8000, 3, 3 * PAGE), 2)).isEqualTo(page(unknown(0xa000, 1, PAGE), 0));
    byte[] one = page(unknown(0x8000, 1, PAGE), 0);
    for (long distance :
        new long[] {PAGE, 2 * PAGE, 1 << 20, 1L << 31, (1L << 32) - PAGE, 1L << 32}) {
      assertThat(page(unknown(0x8000 + distance, 1, PAGE), 0)).isNotEqualTo(one);
    }
  }

  @Test
  void thereAreNoOtherPages() {
    SegmentPages pages = known(3, BYTES);

    assertThatIllegalArgumentException().isThrownBy(() -> pages.page(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> pages.page(3));
  }
}
