package io.github.kexecsim.model.kimage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.RandomLoads;
import io.github.kexecsim.model.kimage.KimageEntry.Flag;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KimageLoaderTest {
  private static final int PAGE = 4096;

  private static Machine machine(long start, long pages) {
    String memory =
        String.format(
            Locale.ROOT, "   0: 0x%016x..0x%016x    0 NONE", start, start + pages * PAGE - 1);
    return new MachineBuilder(Architecture.ARM64).memblock(Memblock.parse(memory, "")).build();
  }

  private static KexecSegment segment(long mem, long pages) {
    return new KexecSegment(
        SegmentRole.KERNEL, PhysRange.ofSize(mem, pages * PAGE), pages * PAGE, Optional.empty());
  }

  private static Kimage load(Machine machine, PageSource source, KexecSegment... segments) {
    return loader(machine, LoadType.DEFAULT, source, segments).load();
  }

  private static KimageLoader loader(
      Machine machine, LoadType type, PageSource source, KexecSegment... segments) {
    return new KimageLoader(machine, type, List.of(segments), source, Limits.DEFAULT);
  }

  @Test
  void aListIsLaidOutAsInTheKernel() {
    Kimage kimage =
        load(
            machine(0x100000, 16),
            PageSource.LOWEST_FIRST,
            segment(0x108000, 2),
            segment(0x10c000, 1));
    assertThat(kimage.toEntries())
        .containsExactly(
            new KimageEntry(0x100000, Flag.INDIRECTION),
            new KimageEntry(0x108000, Flag.DESTINATION),
            new KimageEntry(0x101000, Flag.SOURCE),
            new KimageEntry(0x102000, Flag.SOURCE),
            new KimageEntry(0x10c000, Flag.DESTINATION),
            new KimageEntry(0x103000, Flag.SOURCE),
            new KimageEntry(0, Flag.DONE));
    assertThat(kimage.head()).isEqualTo(0x100002);
    assertThat(kimage.entries()).isEqualTo(7);
    assertThat(kimage.type()).isEqualTo(LoadType.DEFAULT);
    assertThat(kimage.sourcePages()).isEqualTo(3);
    assertThat(kimage.copiedPages()).isEqualTo(3);
    assertThat(kimage.swappedPages()).isZero();
  }

  @Test
  void anIndirectionPageHolds511EntriesAndALink() {
    for (int pages : new int[] {509, 510, 511, 1020, 1021, 1022}) {
      Kimage kimage =
          load(machine(0x100000, 4096), PageSource.LOWEST_FIRST, segment(0x800000, pages));
      int used = (pages + 1 + 510) / 511;
      assertThat(kimage.indirectionPages()).isEqualTo(used);
      assertThat(kimage.entries()).isEqualTo(1 + 1 + pages + used);
      assertThat(kimage.toEntries()).hasSize((int) kimage.entries());
      for (int i = 1; i < used; i++) {
        assertThat(kimage.indirectionWords(i - 1)[511])
            .isEqualTo(kimage.indirectionPage(i) | KimageEntry.INDIRECTION);
      }
      assertThat(kimage.indirectionWords(used - 1)[(pages + 1) - 511 * (used - 1)])
          .isEqualTo(KimageEntry.DONE);
    }
  }

  @Test
  void aPageOnItsOwnDestinationIsUsedInPlace() {
    // The page of the list comes first, then each source is offered just where it belongs.
    Kimage kimage = load(machine(0x100000, 16), PageSource.LOWEST_FIRST, segment(0x101000, 3));
    assertThat(kimage.source(0)).isEqualTo(0x101000);
    assertThat(kimage.source(2)).isEqualTo(0x103000);
    assertThat(kimage.copiedPages()).isZero();
  }

  @Test
  void aPageOnAnEarlierDestinationIsSwapped() {
    // Taken in this order: 100 (list), 101, 102, 103 (sources), then 108 on the first destination.
    Kimage kimage = load(machine(0x100000, 16), PageSource.TRAILING, segment(0x108000, 4));
    assertThat(kimage.swappedPages()).isEqualTo(1);
    assertThat(kimage.source(0)).isEqualTo(0x108000);
    assertThat(kimage.source(3)).isEqualTo(0x101000);
  }

  @Test
  void aPageOnALaterDestinationIsHeldUntilItsTurn() {
    Kimage kimage = load(machine(0x100000, 16), PageSource.HIGHEST_FIRST, segment(0x10c000, 4));
    // The list's page comes after all four, and they are then found in the held ones.
    assertThat(kimage.indirectionPage(0)).isEqualTo(0x10b000);
    assertThat(kimage.copiedPages()).isZero();
    assertThat(kimage.heldPages()).isZero();
  }

  /**
   * A page's source is found first, and then a page of the list to note it in. If that comes to lie
   * on the destination, its turn is over.
   */
  @Test
  void aPageWhoseTurnIsOverIsKeptBackWithoutUse() {
    Kimage kimage = load(machine(0x100000, 1024), PageSource.LOWEST_FIRST, segment(0x102000, 511));

    assertThat(kimage.destinations().address(510)).isEqualTo(0x300000);
    assertThat(kimage.indirectionPage(1)).isEqualTo(0x301000);
    assertThat(kimage.source(510)).isEqualTo(0x101000);
    assertThat(kimage.copiedPages()).isEqualTo(1);
    assertThat(kimage.swappedPages()).isEqualTo(510);
    assertThat(kimage.heldPages()).isEqualTo(1);
  }

  @Test
  void ordinaryPagesAreFreeOnesWhereverTheyLie() {
    KimageLoader loader =
        loader(
            machine(0x100000, 2), LoadType.DEFAULT, PageSource.LOWEST_FIRST, segment(0x101000, 1));

    assertThat(loader.ordinaryPage()).isEqualTo(0x100000);
    assertThat(loader.ordinaryPage()).isEqualTo(0x101000);
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(loader::ordinaryPage)
        .extracting(KexecException::reason)
        .isEqualTo(Reason.NO_MEMORY);
  }

  @Test
  void everySourceIsItsOwnDestinationOrNone() {
    RandomLoads loads = new RandomLoads(5);
    for (int i = 0; i < 300; i++) {
      RandomLoads.Load load = loads.next(Architecture.RISCV64, LoadType.DEFAULT);
      for (PageSource source : RandomLoads.sources(i)) {
        KimageLoader loader =
            loader(
                load.machine(),
                LoadType.DEFAULT,
                source,
                load.placed().segments().toArray(KexecSegment[]::new));
        long control = loader.controlPages().allocate(0);
        checkInvariant(loader.load(), control);
      }
    }
  }

  private static void checkInvariant(Kimage kimage, long control) {
    Destinations destinations = kimage.destinations();
    Set<Long> taken = new HashSet<>(List.of(control));
    assertThat(destinations.contains(control)).isFalse();
    List<Long> copied = new ArrayList<>();
    long destination = 0;
    for (KimageEntry entry : kimage.toEntries()) {
      switch (entry.flag()) {
        case DESTINATION -> destination = entry.address();
        case SOURCE -> {
          assertThat(taken.add(entry.address())).isTrue();
          assertThat(entry.address() == destination || !destinations.contains(entry.address()))
              .isTrue();
          copied.add(destination);
          destination += PAGE;
        }
        case INDIRECTION -> {
          assertThat(taken.add(entry.address())).isTrue();
          assertThat(destinations.contains(entry.address())).isFalse();
        }
        case DONE -> {}
      }
    }
    List<Long> wanted = new ArrayList<>();
    for (SegmentPages pages : destinations.segments()) {
      for (long page = 0; page < pages.count(); page++) {
        wanted.add(pages.segment().mem() + page * PAGE);
      }
    }
    assertThat(copied).isEqualTo(wanted);
  }

  @Test
  void tooFewFreePagesAreRefused() {
    for (PageSource source : RandomLoads.sources(1)) {
      assertThatExceptionOfType(KexecException.class)
          .as(source.label())
          .isThrownBy(
              () ->
                  load(machine(0x100000, 16), source, segment(0x100000, 4), segment(0x800000, 12)))
          .extracting(KexecException::reason)
          .isEqualTo(Reason.NO_MEMORY);
    }
  }

  @Test
  void moreThanTheLimitIsRefused() {
    Machine machine = machine(0x100000, 16);
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(
            () ->
                new KimageLoader(
                    machine,
                    LoadType.DEFAULT,
                    List.of(segment(0x100000, 4)),
                    PageSource.LOWEST_FIRST,
                    Limits.DEFAULT.with(Limit.PAGES, 3)))
        .extracting(KexecException::reason)
        .isEqualTo(Reason.LIMIT_EXCEEDED);
    KimageLoader asManyAsTheLimit =
        new KimageLoader(
            machine,
            LoadType.DEFAULT,
            List.of(segment(0x100000, 4)),
            PageSource.LOWEST_FIRST,
            Limits.DEFAULT.with(Limit.PAGES, 4));
    assertThat(asManyAsTheLimit.destinations().pages()).isEqualTo(4);
    assertThat(asManyAsTheLimit.load().sourcePages()).isEqualTo(4);
  }

  @Test
  void aCrashLoadIsInPlaceAndItsControlPagesFillTheHoles() {
    Machine machine = machine(0x100000, 64).withCrashRegion(PhysRange.ofSize(0x110000, 16 * PAGE));
    KimageLoader loader =
        loader(
            machine,
            LoadType.CRASH,
            PageSource.LOWEST_FIRST,
            segment(0x111000, 2),
            segment(0x116000, 8));
    ControlPages control = loader.controlPages();
    assertThat(control.allocate(0)).isEqualTo(0x110000);
    assertThat(control.allocate(1)).isEqualTo(0x114000);
    // The hole at 0x113000 was passed by, and is not looked at again.
    assertThat(control.allocate(0)).isEqualTo(0x11e000);
    assertThat(control.allocate(0)).isEqualTo(0x11f000);
    assertThat(control.allocated())
        .containsExactly(
            PhysRange.ofSize(0x110000, PAGE),
            PhysRange.ofSize(0x114000, 2 * PAGE),
            PhysRange.ofSize(0x11e000, PAGE),
            PhysRange.ofSize(0x11f000, PAGE));
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(() -> control.allocate(0))
        .extracting(KexecException::reason)
        .isEqualTo(Reason.NO_MEMORY);
    Kimage kimage = loader.load();
    assertThat(kimage.head()).isEqualTo(KimageEntry.DONE);
    assertThat(kimage.entries()).isEqualTo(1);
    assertThat(kimage.source(3)).isEqualTo(0x117000);
    assertThat(kimage.sourcePages()).isZero();
    assertThat(kimage.toEntries()).containsExactly(new KimageEntry(0, Flag.DONE));
  }

  @Test
  void aCrashLoadNeedsItsRegion() {
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(
            () ->
                loader(
                    machine(0x100000, 16),
                    LoadType.CRASH,
                    PageSource.LOWEST_FIRST,
                    segment(0x100000, 1)))
        .extracting(KexecException::reason)
        .isEqualTo(Reason.NO_CRASH_REGION);
  }
}
