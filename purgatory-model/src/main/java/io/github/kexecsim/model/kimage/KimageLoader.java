package io.github.kexecsim.model.kimage;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import java.util.List;

/**
 * Loads segments as {@code kernel/kexec_core.c} does (v6.1, the same in v7.2 without CMA): every
 * page of a default load gets a source page and an entry in the list.
 *
 * <p>The invariant that makes copying in list order right: a source page is its own destination, or
 * no destination at all ({@code kimage_alloc_page}).
 */
public final class KimageLoader {
  /** Asks for a page that is to be no destination. */
  private static final long NO_DESTINATION = -1;

  private final LoadType type;
  private final Destinations destinations;
  private final FreePages free;
  private final ControlPages controlPages;

  // Pages on destinations whose turn has not come: image->dest_pages.
  private final PageSet held = new PageSet();
  private Kimage.Words words;
  private long loaded;
  private long swaps;

  /**
   * Prepares for loading.
   *
   * @param segments a list that {@link io.github.kexecsim.loader.place.SegmentRules} accepts
   * @param limits {@link Limit#PAGES} is how many pages they may have altogether
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED}, or {@link Reason#NO_CRASH_REGION} for a
   *     crash load on a machine without one
   */
  public KimageLoader(
      Machine machine,
      LoadType type,
      List<KexecSegment> segments,
      PageSource source,
      Limits limits) {
    this.type = type;
    this.destinations = new Destinations(segments, machine.pageSize());
    limits.check(Limit.PAGES, destinations.pages(), "the number of pages to load");
    this.free = new FreePages(source, FreeMemory.of(machine), destinations);
    this.controlPages =
        type == LoadType.CRASH
            ? ControlPages.ofCrashLoad(crashRegion(machine), segments, machine.pageSize())
            : ControlPages.ofDefaultLoad(free, machine.pageSize());
  }

  private static PhysRange crashRegion(Machine machine) {
    return machine
        .crashRegion()
        .orElseThrow(
            () ->
                new KexecException(
                    Reason.NO_CRASH_REGION, "the machine has no crash kernel region", ""));
  }

  /** Where control pages come from; they can be taken before and after loading. */
  public ControlPages controlPages() {
    return controlPages;
  }

  /** The pages that the segments will occupy. */
  public Destinations destinations() {
    return destinations;
  }

  /**
   * A page of the running kernel for other purposes, wherever it lies.
   *
   * @throws KexecException {@link Reason#NO_MEMORY}
   */
  public long ordinaryPage() {
    long page = free.take();
    if (page == FreePages.NONE) {
      throw noMemory();
    }
    return page;
  }

  /**
   * Loads all segments and ends the list.
   *
   * @throws KexecException {@link Reason#NO_MEMORY} when the free pages do not suffice
   */
  public Kimage load() {
    if (type == LoadType.CRASH || destinations.segments().isEmpty()) {
      return Kimage.withoutList(type, destinations);
    }
    words = new Kimage.Words(destinations);
    for (SegmentPages pages : destinations.segments()) {
      loadNormalSegment(pages.segment().range());
    }
    return words.terminate(type, swaps, held.size());
  }

  private void loadNormalSegment(PhysRange range) {
    add(range.start() | KimageEntry.DESTINATION);
    for (long page = range.start(); page < range.end(); page += destinations.pageSize()) {
      add(allocate(page) | KimageEntry.SOURCE);
      loaded++;
    }
  }

  private void add(long entry) {
    if (words.needsIndirectionPage()) {
      words.chain(allocate(NO_DESTINATION));
    }
    words.add(entry);
  }

  /** {@code kimage_alloc_page}. */
  private long allocate(long destination) {
    if (destination != NO_DESTINATION && held.remove(number(destination))) {
      return destination;
    }
    while (true) {
      long page = free.take();
      if (page == FreePages.NONE) {
        throw noMemory();
      }
      long index = destinations.indexOf(page);
      if (page == destination || index < 0) {
        return page;
      }
      if (index < loaded) {
        // That destination has a source already: it moves here, in place, and frees the old one.
        swaps++;
        return words.replaceSource(index, page);
      }
      held.add(number(page));
    }
  }

  private long number(long address) {
    return address / destinations.pageSize();
  }

  private KexecException noMemory() {
    return new KexecException(
        Reason.NO_MEMORY,
        String.format(
            "the machine's free pages do not suffice to hold 0x%x bytes of segments until the"
                + " reboot: they end after 0x%x bytes",
            destinations.pages() * destinations.pageSize(), loaded * destinations.pageSize()),
        "a smaller initrd, or a machine with more free memory");
  }
}
