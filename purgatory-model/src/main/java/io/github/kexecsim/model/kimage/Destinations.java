package io.github.kexecsim.model.kimage;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.place.KexecSegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The pages that segments will occupy, numbered in the order in which they are loaded: segment by
 * segment, ascending within each.
 */
public final class Destinations {
  private final List<SegmentPages> segments = new ArrayList<>();
  private final long[] firstPage;
  private final PhysRangeSet ranges;
  private final int pageSize;

  /**
   * The destinations of segments that {@link io.github.kexecsim.loader.place.SegmentRules} accepts:
   * made of whole pages, and apart.
   *
   * @param pageSize in bytes
   */
  public Destinations(List<KexecSegment> segments, int pageSize) {
    this.pageSize = pageSize;
    this.firstPage = new long[segments.size() + 1];
    List<PhysRange> all = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      KexecSegment segment = segments.get(i);
      this.segments.add(new SegmentPages(segment, pageSize));
      firstPage[i + 1] = firstPage[i] + segment.memsz() / pageSize;
      all.add(segment.range());
    }
    this.ranges = PhysRangeSet.of(all);
  }

  /** The segments' pages, in the order of loading. */
  public List<SegmentPages> segments() {
    return List.copyOf(segments);
  }

  /** How large a page is, in bytes. */
  public int pageSize() {
    return pageSize;
  }

  /** How many pages there are. */
  public long pages() {
    return firstPage[segments.size()];
  }

  /** All the addresses. */
  public PhysRangeSet ranges() {
    return ranges;
  }

  /** Whether an address is some segment's. */
  public boolean contains(long address) {
    return segmentAt(address) >= 0;
  }

  /** The number of the page at an address, or -1 where no segment goes. */
  public long indexOf(long address) {
    int segment = segmentAt(address);
    return segment < 0
        ? -1
        : firstPage[segment] + (address - segments.get(segment).segment().mem()) / pageSize;
  }

  /** The address of the page of a number. */
  public long address(long index) {
    int segment = segmentOf(index);
    return segments.get(segment).segment().mem() + (index - firstPage[segment]) * pageSize;
  }

  /** The place in the segment list of the segment that has the page of a number. */
  int segmentOf(long index) {
    int segment = 0;
    while (firstPage[segment + 1] <= index) {
      segment++;
    }
    return segment;
  }

  private int segmentAt(long address) {
    // A load has at most 16 segments.
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).segment().range().contains(address)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * What the page at an address must hold when the next kernel starts.
   *
   * @throws IllegalArgumentException if no segment goes there
   */
  public ByteView content(long address) {
    int segment = segmentAt(address);
    if (segment < 0) {
      throw new IllegalArgumentException(String.format("no segment goes to 0x%x", address));
    }
    SegmentPages pages = segments.get(segment);
    return pages.page((address - pages.segment().mem()) / pageSize);
  }
}
