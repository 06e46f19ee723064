package io.github.kexecsim.loader.memory;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/**
 * A half-open range of physical addresses, validated once: {@code 0 <= start <= end <= 2^52}, so
 * that sums and differences of its ends never overflow. 2^52 is the widest physical address of the
 * modelled architectures (arm64 with LPA2, x86_64).
 *
 * @param start the first address
 * @param end the first address behind it
 */
public record PhysRange(long start, long end) implements Comparable<PhysRange> {
  /** The first address that no range may reach beyond. */
  public static final long LIMIT = 1L << 52;

  public PhysRange {
    if (start < 0 || end < start || end > LIMIT) {
      throw new KexecException(
          Reason.BAD_MEMORY_MAP,
          String.format("not a physical range: 0x%x up to 0x%x (exclusive)", start, end),
          "ends must be at or above starts, and below 2^52");
    }
  }

  /** The range of {@code size} bytes from {@code start}. */
  public static PhysRange ofSize(long start, long size) {
    if (size < 0 || start < 0 || size > LIMIT - start) {
      throw new KexecException(
          Reason.BAD_MEMORY_MAP,
          String.format("not a physical range: 0x%x bytes at 0x%x", size, start),
          "ranges must end below 2^52");
    }
    return new PhysRange(start, start + size);
  }

  /** The range whose last address is {@code last}, as /proc/iomem and memblock write it. */
  public static PhysRange ofInclusive(long start, long last) {
    if (last < 0 || last >= LIMIT) {
      throw new KexecException(
          Reason.BAD_MEMORY_MAP,
          String.format("not a physical range: 0x%x-0x%x", start, last),
          "ranges must end below 2^52");
    }
    return new PhysRange(start, last + 1);
  }

  /** Its length in bytes. */
  public long size() {
    return end - start;
  }

  public boolean isEmpty() {
    return start == end;
  }

  /** The last address inside. */
  public long last() {
    if (isEmpty()) {
      throw new IllegalStateException("an empty range has no last address");
    }
    return end - 1;
  }

  public boolean contains(long address) {
    return start <= address && address < end;
  }

  public boolean contains(PhysRange other) {
    return start <= other.start && other.end <= end;
  }

  /**
   * The whole pages inside of it; an empty range where there is none.
   *
   * @param pageSize a power of two, in bytes
   */
  public PhysRange wholePages(long pageSize) {
    long first = Alignment.up(start, pageSize);
    return new PhysRange(first, Math.max(first, Alignment.down(end, pageSize)));
  }

  /** Whether the two share an address. */
  public boolean overlaps(PhysRange other) {
    return start < other.end && other.start < end && !isEmpty() && !other.isEmpty();
  }

  @Override
  public int compareTo(PhysRange other) {
    int byStart = Long.compare(start, other.start);
    return byStart != 0 ? byStart : Long.compare(end, other.end);
  }

  @Override
  public String toString() {
    return isEmpty()
        ? String.format("[0x%x, empty]", start)
        : String.format("[0x%x-0x%x]", start, end - 1);
  }
}
