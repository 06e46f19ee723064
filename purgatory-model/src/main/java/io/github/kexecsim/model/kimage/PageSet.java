package io.github.kexecsim.model.kimage;

import java.util.HashMap;
import java.util.Map;

/** A set of pages by their numbers: a bitmap of which only the chunks in use are there. */
final class PageSet {
  private static final int CHUNK_BITS = 12;
  private static final int WORDS = 1 << (CHUNK_BITS - 6);

  private final Map<Long, long[]> chunks = new HashMap<>();
  private long size;

  /** Adds a page that may be there already. */
  void add(long page) {
    if (!contains(page)) {
      chunks.computeIfAbsent(page >> CHUNK_BITS, chunk -> new long[WORDS])[word(page)] |=
          1L << page;
      size++;
    }
  }

  /** Takes a page out; false if it was not there. */
  boolean remove(long page) {
    if (!contains(page)) {
      return false;
    }
    chunks.get(page >> CHUNK_BITS)[word(page)] &= ~(1L << page);
    size--;
    return true;
  }

  boolean contains(long page) {
    long[] words = chunks.get(page >> CHUNK_BITS);
    return words != null && (words[word(page)] & (1L << page)) != 0;
  }

  long size() {
    return size;
  }

  private static int word(long page) {
    return (int) (page >> 6) & (WORDS - 1);
  }
}
