package io.github.kexecsim.model.kimage;

import io.github.kexecsim.loader.place.LoadType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * A loaded image and the list by which it gets into place ({@code include/linux/kexec.h, struct
 * kimage}). A crash load is in place already: its list is empty, and its head is DONE.
 */
public final class Kimage {
  private final LoadType type;
  private final Destinations destinations;
  private final long head;
  private final long[] indirectionPages;
  private final long[] list;
  private final long entries;
  private final long swappedPages;
  private final long heldPages;

  private Kimage(
      LoadType type,
      Destinations destinations,
      long head,
      long[] indirectionPages,
      long[] list,
      long entries,
      long swappedPages,
      long heldPages) {
    this.type = type;
    this.destinations = destinations;
    this.head = head;
    this.indirectionPages = indirectionPages;
    this.list = list;
    this.entries = entries;
    this.swappedPages = swappedPages;
    this.heldPages = heldPages;
  }

  static Kimage withoutList(LoadType type, Destinations destinations) {
    return new Kimage(type, destinations, KimageEntry.DONE, new long[0], new long[0], 1, 0, 0);
  }

  /** For a reboot, or for a crash. */
  public LoadType type() {
    return type;
  }

  /** The pages that the segments will occupy. */
  public Destinations destinations() {
    return destinations;
  }

  /**
   * {@code image->head}: the first entry, which leads to the first indirection page, or is DONE.
   */
  public long head() {
    return head;
  }

  /** How many words the relocation reads, from the head to DONE, both counted. */
  public long entries() {
    return entries;
  }

  /** How many pages hold the list. */
  public int indirectionPages() {
    return indirectionPages.length;
  }

  /** The physical address of the {@code index}-th page of the list. */
  public long indirectionPage(int index) {
    return indirectionPages[index];
  }

  /** The words of the {@code index}-th page of the list; 0 behind DONE. */
  public long[] indirectionWords(int index) {
    int words = destinations.pageSize() / Long.BYTES;
    return Arrays.copyOfRange(list, index * words, (index + 1) * words);
  }

  /** How many pages hold what is to be copied, those that lie in place already included. */
  public long sourcePages() {
    return indirectionPages.length == 0 ? 0 : destinations.pages();
  }

  /** How many of them are not in place already. */
  public long copiedPages() {
    long copied = 0;
    for (long i = 0; i < sourcePages(); i++) {
      if (source(i) != destination(i)) {
        copied++;
      }
    }
    return copied;
  }

  /** How often a page was swapped with an earlier source because it lay on its destination. */
  public long swappedPages() {
    return swappedPages;
  }

  /** How many free pages on destinations were taken and are kept back without use. */
  public long heldPages() {
    return heldPages;
  }

  /**
   * The physical address of a page's source; the destination itself where there is no list.
   *
   * @param index the page's number in {@link Destinations}
   */
  public long source(long index) {
    return indirectionPages.length == 0
        ? destination(index)
        : list[slot(index)] & -destinations.pageSize();
  }

  private long destination(long index) {
    return destinations.address(index);
  }

  private int slot(long index) {
    return Words.slot(destinations, index);
  }

  /** Passes every word to {@code action}, from the head to DONE. */
  public void forEachWord(LongConsumer action) {
    action.accept(head);
    if (indirectionPages.length == 0) {
      return;
    }
    for (int i = 0; i < list.length; i++) {
      action.accept(list[i]);
      if (list[i] == KimageEntry.DONE) {
        return;
      }
    }
  }

  /** The entries that are read, from the head to DONE. */
  public List<KimageEntry> toEntries() {
    List<KimageEntry> all = new ArrayList<>();
    forEachWord(word -> all.add(KimageEntry.ofWord(word).orElseThrow()));
    return all;
  }

  /**
   * A list while it grows. The last word of each page leads to the next one, or is DONE; the slot
   * of a page's entry follows from the page's number.
   */
  static final class Words {
    private final Destinations destinations;
    private final int perPage;
    private final long[] list;
    private final long[] indirectionPages;
    private long head;
    private int pages;
    private int added;

    Words(Destinations destinations) {
      this.destinations = destinations;
      this.perPage = destinations.pageSize() / Long.BYTES - 1;
      long entries = destinations.pages() + destinations.segments().size();
      this.indirectionPages = new long[(int) ((entries + perPage - 1) / perPage)];
      this.list = new long[Math.multiplyExact(indirectionPages.length, perPage + 1)];
    }

    private static int slot(Destinations destinations, long index) {
      // Before it come the pages before it and a DESTINATION for each segment so far.
      long position = index + destinations.segmentOf(index) + 1;
      int perPage = destinations.pageSize() / Long.BYTES - 1;
      return (int) (position / perPage * (perPage + 1) + position % perPage);
    }

    boolean needsIndirectionPage() {
      return added == pages * perPage;
    }

    void chain(long page) {
      long entry = page | KimageEntry.INDIRECTION;
      if (pages == 0) {
        head = entry;
      } else {
        list[(pages - 1) * (perPage + 1) + perPage] = entry;
      }
      indirectionPages[pages++] = page;
    }

    void add(long entry) {
      list[end()] = entry;
      added++;
    }

    private int end() {
      int inPage = added - (pages - 1) * perPage;
      return (pages - 1) * (perPage + 1) + inPage;
    }

    /** Gives a loaded page another source and returns the one it had. */
    long replaceSource(long index, long page) {
      int slot = slot(destinations, index);
      long old = list[slot];
      list[slot] = page | KimageEntry.SOURCE;
      return old & -destinations.pageSize();
    }

    Kimage terminate(LoadType type, long swappedPages, long heldPages) {
      list[end()] = KimageEntry.DONE;
      return new Kimage(
          type,
          destinations,
          head,
          indirectionPages,
          list,
          1L + added + pages,
          swappedPages,
          heldPages);
    }
  }
}
