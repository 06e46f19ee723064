package io.github.kexecsim.model.kimage;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.place.KexecSegment;
import java.util.SplittableRandom;

/**
 * A segment's content page by page: its bytes, then zeros up to memsz.
 *
 * <p>Where the bytes are not known (a file of which only the size was given, the purgatory's own
 * code) a pattern stands in for them. It depends on the page's address alone, and pages less than 4
 * GiB apart differ, so that a page that ends up in another's place is noticed.
 */
public final class SegmentPages {
  private static final int MAX_PAGE = 64 << 10;

  /** Where in the pattern a page of unknown content may begin. */
  private static final int WINDOWS = 1 << 20;

  private static final byte[] PATTERN = pattern();
  private static final ByteView ZEROS = ByteView.of(new byte[MAX_PAGE]);

  private final KexecSegment segment;
  private final int pageSize;

  /** The pages of a segment whose ends are page-aligned. */
  SegmentPages(KexecSegment segment, int pageSize) {
    this.segment = segment;
    this.pageSize = pageSize;
  }

  private static byte[] pattern() {
    byte[] bytes = new byte[WINDOWS + MAX_PAGE];
    new SplittableRandom(0x6b657865).nextBytes(bytes);
    return bytes;
  }

  /** The segment. */
  public KexecSegment segment() {
    return segment;
  }

  /** How many pages it has. */
  public long count() {
    return segment.memsz() / pageSize;
  }

  /** Whether the bytes are the segment's own, not a pattern in their place. */
  public boolean isKnown() {
    return segment.content().isPresent() || segment.bufsz() == 0;
  }

  /**
   * The content of a page, a page long. A page that the content fills is a view on it, so that
   * holding many costs no memory.
   *
   * @param index 0 to {@link #count()} - 1
   */
  public ByteView page(long index) {
    if (index < 0 || index >= count()) {
      throw new IllegalArgumentException("page " + index + " of " + count());
    }
    long offset = index * pageSize;
    long left = segment.bufsz() - offset;
    if (left <= 0) {
      return ZEROS.slice(0, pageSize);
    }
    ByteView filled =
        segment.content().isPresent()
            ? segment.content().get().slice(offset, Math.min(left, pageSize))
            : window((segment.mem() + offset) / pageSize);
    if (left >= pageSize) {
      return filled;
    }
    byte[] last = new byte[pageSize];
    filled.copyTo(0, last, 0, (int) left);
    return ByteView.of(last);
  }

  private ByteView window(long pageNumber) {
    // An odd factor permutes the windows, so that neighbours share none of their bytes' places.
    long mixed = pageNumber * 0x9e375L + (pageNumber >>> 20) * 0x7f4a7L;
    return ByteView.of(PATTERN, (int) (mixed & (WINDOWS - 1)), pageSize);
  }
}
