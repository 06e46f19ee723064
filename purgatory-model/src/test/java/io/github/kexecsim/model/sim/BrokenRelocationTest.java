package io.github.kexecsim.model.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.RandomLoads;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.Kimage;
import io.github.kexecsim.model.kimage.KimageEntry;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.mmu.PageTable;
import io.github.kexecsim.model.sim.Outcome.Ending;
import io.github.kexecsim.model.sim.Outcome.Fault;
import io.github.kexecsim.model.sim.Outcome.FaultKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A relocation that is broken on purpose is found out, and never by an exception. */
class BrokenRelocationTest {
  private static final long SOME_PAGES = 0x20000;

  /** A plan whose segments all have bytes of their own, and its memory. */
  private static final class Case {
    private final RelocationPlan plan;
    private final PhysMemory memory;

    Case(Architecture architecture) {
      this(find(architecture, PageSource.LOWEST_FIRST));
    }

    Case(RelocationPlan plan) {
      this.plan = plan;
      this.memory = Simulator.load(plan);
    }

    private static RelocationPlan find(Architecture architecture, PageSource source) {
      RandomLoads loads = new RandomLoads(architecture.ordinal());
      RelocationPlan found = null;
      while (found == null) {
        RandomLoads.Load load = loads.next(architecture, LoadType.DEFAULT);
        boolean fit =
            load.placed().segments().size() > 2
                && load.placed().segments().stream()
                    .allMatch(s -> s.content().isPresent() && s.bufsz() > SOME_PAGES)
                && load.placed().segments().stream().anyMatch(s -> s.bufsz() < s.memsz());
        if (fit) {
          RelocationPlan plan = load.plan(source);
          // Where chance puts every page in place, nothing is left to break.
          found = source != PageSource.LOWEST_FIRST || copiesAll(plan) ? plan : null;
        }
      }
      return found;
    }

    private static boolean copiesAll(RelocationPlan plan) {
      return plan.kimage().copiedPages() == plan.kimage().sourcePages();
    }

    Outcome run() {
      return Simulator.execute(plan, memory);
    }

    /** The place in memory of the first word of the list, from {@code from} on, that is wanted. */
    long wordAt(int from, LongPredicate wanted) {
      Kimage kimage = plan.kimage();
      int seen = 0;
      for (int i = 0; i < kimage.indirectionPages(); i++) {
        for (int slot = 0; slot < plan.machine().pageSize() / Long.BYTES; slot++) {
          long address = kimage.indirectionPage(i) + slot * 8L;
          if (seen++ >= from && wanted.test(memory.word(address))) {
            return address;
          }
        }
      }
      throw new AssertionError("no such word");
    }

    long sourceWord(int from) {
      return wordAt(from, word -> (word & 0xf) == KimageEntry.SOURCE);
    }

    long destinationWord(int from) {
      return wordAt(from, word -> (word & 0xf) == KimageEntry.DESTINATION);
    }

    /** Changes a word as if it had always stood so. */
    void set(long address, long word) {
      long page = address & -memory.pageSize();
      byte[] bytes = memory.page(page).toByteArray();
      for (int i = 0; i < 8; i++) {
        bytes[(int) (address - page) + i] = (byte) (word >>> 8 * i);
      }
      memory.put(page, ByteView.of(bytes));
    }

    void flip(long address) {
      set(address & -8, memory.word(address & -8) ^ 0x80L << 8 * (address & 7));
    }

    /** What an entry for a physical page looks like in this architecture's list. */
    long entry(long physical, long flag) {
      return RelocateKernel.of(plan.machine().architecture()).inMemory(physical | flag);
    }

    KexecSegment segment(SegmentRole role) {
      return plan.placed().segments().stream()
          .filter(s -> s.role() == role)
          .findFirst()
          .orElseThrow();
    }

    long source(long destination) {
      return plan.kimage().source(plan.kimage().destinations().indexOf(destination));
    }

    boolean hasPurgatory() {
      return plan.purgatory().isPresent();
    }
  }

  private static Set<FaultKind> kinds(Outcome outcome) {
    return outcome.faults().stream().map(Fault::kind).collect(Collectors.toSet());
  }

  private static void assertCaught(Case broken, Outcome outcome, FaultKind expected) {
    assertThat(outcome.isSuccess()).isFalse();
    assertThat(kinds(outcome)).contains(expected);
    assertThat(outcome.ending())
        .isIn(broken.hasPurgatory() ? Ending.DIGEST_MISMATCH : Ending.ENTERED, Ending.ENTERED);
  }

  @ParameterizedTest
  @EnumSource
  void asItIsItSucceeds(Architecture architecture) {
    assertThat(new Case(architecture).run().isSuccess()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void aDroppedEntry(Architecture architecture) {
    Case broken = new Case(architecture);
    broken.set(broken.sourceWord(3), 0);
    assertCaught(broken, broken.run(), FaultKind.SEGMENT_DIFFERS);
  }

  @ParameterizedTest
  @EnumSource
  void twoEntriesInTheWrongOrder(Architecture architecture) {
    Case broken = new Case(architecture);
    long one = broken.sourceWord(1);
    long word = broken.memory.word(one);
    broken.set(one, broken.memory.word(one + 8));
    broken.set(one + 8, word);
    assertCaught(broken, broken.run(), FaultKind.SEGMENT_DIFFERS);
  }

  @ParameterizedTest
  @EnumSource
  void aWrongDestination(Architecture architecture) {
    Case broken = new Case(architecture);
    long freePage = broken.plan.kimage().indirectionPage(0);
    long word = broken.destinationWord(1);
    // The list itself is overwritten, and is read on all the same.
    broken.set(word, broken.entry(freePage, KimageEntry.DESTINATION));
    Outcome outcome = broken.run();
    assertThat(outcome.isSuccess()).isFalse();
    assertThat(kinds(outcome)).contains(FaultKind.STRAY_WRITE, FaultKind.LIST_CLOBBERED);
  }

  @ParameterizedTest
  @EnumSource
  void aCopyOverTheRelocationCode(Architecture architecture) {
    Case broken = new Case(architecture);
    broken.set(
        broken.destinationWord(0),
        broken.entry(broken.plan.controlCode(), KimageEntry.DESTINATION));
    assertThat(broken.run().ending()).isEqualTo(Ending.CODE_OVERWRITTEN);
  }

  @ParameterizedTest
  @EnumSource(names = {"ARM64", "X86_64"})
  void aCopyOverAPageTable(Architecture architecture) {
    Case broken = new Case(architecture);
    long root =
        architecture == Architecture.X86_64
            ? broken.plan.identityMap().registers().get("cr3")
            : broken.plan.identityMap().tables().get(0).address();
    broken.set(broken.destinationWord(0), broken.entry(root, KimageEntry.DESTINATION));
    Outcome outcome = broken.run();
    assertThat(outcome.isSuccess()).isFalse();
    assertThat(kinds(outcome)).contains(FaultKind.STRAY_WRITE, FaultKind.TABLE_CLOBBERED);
  }

  @ParameterizedTest
  @EnumSource
  void aSourceThatWasOverwritten(Architecture architecture) {
    Case broken = new Case(architecture);
    long first = broken.plan.placed().segments().get(0).mem();
    broken.set(broken.sourceWord(5), broken.entry(first, KimageEntry.SOURCE));
    assertCaught(broken, broken.run(), FaultKind.SOURCE_CLOBBERED);
  }

  @ParameterizedTest
  @EnumSource
  void aListThatEndsEarly(Architecture architecture) {
    Case broken = new Case(architecture);
    broken.set(broken.sourceWord(5), KimageEntry.DONE);
    assertCaught(broken, broken.run(), FaultKind.SEGMENT_DIFFERS);
  }

  @ParameterizedTest
  @EnumSource
  void aListThatGoesRound(Architecture architecture) {
    Case broken = new Case(architecture);
    long first = broken.plan.kimage().indirectionPage(0);
    long done = broken.wordAt(0, word -> word == KimageEntry.DONE);
    broken.set(done, broken.entry(first, KimageEntry.INDIRECTION));
    assertThat(broken.run().ending()).isEqualTo(Ending.LIST_ENDLESS);
  }

  @ParameterizedTest
  @EnumSource
  void aListThatLeadsNowhere(Architecture architecture) {
    Case broken = new Case(architecture);
    // The page for swapping: memory that is mapped everywhere, and that nobody wrote.
    long unused = broken.plan.swapPage().orElseThrow();
    long word = broken.destinationWord(0);
    broken.set(word, broken.entry(unused, KimageEntry.INDIRECTION));
    assertThat(broken.run().ending()).isEqualTo(Ending.LIST_LOST);
  }

  @ParameterizedTest
  @EnumSource(names = {"ARM64", "X86_64"})
  void anUnmappedAddress(Architecture architecture) {
    Case broken = new Case(architecture);
    PageTable table = broken.plan.identityMap().tables().get(1);
    broken.memory.put(table.address(), ByteView.of(new byte[broken.memory.pageSize()]));
    assertThat(broken.run().ending()).isEqualTo(Ending.TRANSLATION_FAULT);
  }

  @ParameterizedTest
  @EnumSource
  void aCorruptedSegmentHaltsInThePurgatoryWhereThereIsOne(Architecture architecture) {
    Case broken = new Case(architecture);
    broken.flip(broken.source(broken.segment(SegmentRole.DTB).mem()) + 77);
    Outcome outcome = broken.run();
    assertThat(kinds(outcome)).containsExactly(FaultKind.SEGMENT_DIFFERS);
    assertThat(outcome.ending())
        .isEqualTo(broken.hasPurgatory() ? Ending.DIGEST_MISMATCH : Ending.ENTERED);
    assertThat(outcome.handoff().isPresent()).isNotEqualTo(broken.hasPurgatory());
    assertThat(outcome.summary()).isNotEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"RISCV64", "X86_64"})
  void aCorruptedPurgatoryIsNotDigested(Architecture architecture) {
    Case broken = new Case(architecture);
    broken.flip(broken.source(broken.segment(SegmentRole.PURGATORY).mem()) + 77);
    Outcome outcome = broken.run();
    assertThat(outcome.ending()).isEqualTo(Ending.ENTERED);
    assertThat(kinds(outcome)).containsExactly(FaultKind.SEGMENT_DIFFERS);
  }

  @ParameterizedTest
  @EnumSource
  void aTailThatIsNotZero(Architecture architecture) {
    Case broken = new Case(architecture);
    KexecSegment segment =
        broken.plan.placed().segments().stream()
            .filter(s -> s.bufsz() < s.memsz())
            .findFirst()
            .orElseThrow();
    long last = segment.range().last();
    long page = last & -broken.memory.pageSize();
    broken.flip(broken.source(page) + (last - page));
    Outcome outcome = broken.run();
    assertThat(outcome.isSuccess()).isFalse();
    assertThat(outcome.faults())
        .singleElement()
        .satisfies(
            fault -> {
              assertThat(fault.kind()).isEqualTo(FaultKind.TAIL_NOT_ZERO);
              assertThat(fault.address()).isEqualTo(last);
            });
  }

  @Test
  void anInvariantThatIsBrokenByThePlannerIsFound() {
    // As if the kernel took a later destination for a source: what the held pages prevent.
    Case broken = new Case(Architecture.RISCV64);
    Kimage kimage = broken.plan.kimage();
    long late = kimage.destinations().pages() - 1;
    long lastDestination = kimage.destinations().address(late);
    long first = kimage.destinations().address(0);
    broken.memory.put(first, broken.memory.page(broken.source(lastDestination)));
    long word = broken.wordAt(0, w -> w == (kimage.source(late) | KimageEntry.SOURCE));
    broken.set(word, first | KimageEntry.SOURCE);
    assertCaught(broken, broken.run(), FaultKind.SOURCE_CLOBBERED);
  }

  @Test
  void whateverIsChangedNothingIsThrownAndNothingWrongPasses() {
    SplittableRandom random = new SplittableRandom(99);
    List<RelocationPlan> plans = new ArrayList<>();
    for (Architecture architecture : Architecture.values()) {
      RandomLoads.sources(1).forEach(source -> plans.add(Case.find(architecture, source)));
    }
    int caught = 0;
    int rounds = 1000;
    for (int i = 0; i < rounds; i++) {
      Case broken = new Case(plans.get(i % plans.size()));
      for (int change = 0; change <= random.nextInt(3); change++) {
        change(broken, random);
      }
      Outcome outcome = broken.run();
      if (outcome.isSuccess()) {
        assertThat(allInPlace(broken)).isTrue();
      } else {
        caught++;
      }
    }
    assertThat(caught).isGreaterThan(rounds / 2);
  }

  /** Flips a bit of the list, of a table or of a source page. */
  private static void change(Case broken, SplittableRandom random) {
    List<Long> pages = new ArrayList<>();
    Kimage kimage = broken.plan.kimage();
    for (int i = 0; i < kimage.indirectionPages(); i++) {
      pages.add(kimage.indirectionPage(i) + 8L * random.nextInt(60));
    }
    broken.plan.identityMap().tables().stream()
        .limit(3)
        .forEach(t -> pages.add(t.address() + 8L * random.nextInt(8)));
    pages.add(kimage.source(random.nextLong(kimage.sourcePages())) + 8L * random.nextInt(512));
    long address = pages.get(random.nextInt(pages.size()));
    broken.set(address, broken.memory.word(address) ^ 1L << random.nextInt(64));
  }

  private static boolean allInPlace(Case broken) {
    for (KexecSegment segment : broken.plan.placed().segments()) {
      byte[] wanted =
          Arrays.copyOf(segment.content().orElseThrow().toByteArray(), (int) segment.memsz());
      int pageSize = broken.memory.pageSize();
      for (int at = 0; at < wanted.length; at += pageSize) {
        byte[] found = broken.memory.page(segment.mem() + at).toByteArray();
        if (!Arrays.equals(wanted, at, at + pageSize, found, 0, pageSize)) {
          return false;
        }
      }
    }
    return true;
  }
}
