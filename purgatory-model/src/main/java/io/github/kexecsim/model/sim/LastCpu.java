package io.github.kexecsim.model.sim;

import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.Destinations;
import io.github.kexecsim.model.kimage.Kimage;
import io.github.kexecsim.model.sim.Outcome.Ending;
import io.github.kexecsim.model.sim.Outcome.Fault;
import io.github.kexecsim.model.sim.Outcome.FaultKind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The one CPU that is left: loads and stores, each translated as the tables in memory say and
 * checked against what the relocation may touch.
 */
final class LastCpu {
  /** Ends the simulated run; caught by {@link Simulator} and never seen outside. */
  static final class Stopped extends Exception {
    private static final long serialVersionUID = 1L;

    private final Ending ending;

    Stopped(Ending ending) {
      super(ending.text(), null, false, false);
      this.ending = ending;
    }

    Ending ending() {
      return ending;
    }
  }

  private final RelocationPlan plan;
  private final PhysMemory memory;
  private final Destinations destinations;
  private final Set<Long> sources = new HashSet<>();
  private final List<Fault> faults = new ArrayList<>();
  private final long maxEntries;
  private long entriesRead;
  private long pagesCopied;
  private long pagesInPlace;
  private long translations;

  LastCpu(RelocationPlan plan, PhysMemory memory) {
    this.plan = plan;
    this.memory = memory;
    this.destinations = plan.kimage().destinations();
    Kimage kimage = plan.kimage();
    // A list that goes on for longer than all its pages goes round.
    this.maxEntries = 1L + (long) kimage.indirectionPages() * (memory.pageSize() / Long.BYTES);
    if (plan.swapsPages()) {
      for (long i = 0; i < kimage.sourcePages(); i++) {
        sources.add(kimage.source(i));
      }
    }
  }

  RelocationPlan plan() {
    return plan;
  }

  PhysMemory memory() {
    return memory;
  }

  /** The physical address behind a virtual one. */
  long translate(long virtual) throws Stopped {
    OptionalLong physical = lookUp(virtual);
    if (physical.isEmpty()) {
      throw new Stopped(Ending.TRANSLATION_FAULT);
    }
    return physical.getAsLong();
  }

  /** Fetches the first instruction under the new map. */
  void enterRelocationCode() throws Stopped {
    if (translate(plan.identityMap().codeAddress(plan.controlCode())) != plan.controlCode()) {
      throw new Stopped(Ending.TRANSLATION_FAULT);
    }
  }

  OptionalLong lookUp(long virtual) {
    translations++;
    return plan.identityMap().translate(virtual, this::tableWord);
  }

  private long tableWord(long address) {
    if (memory.isOverwritten(address)) {
      add(FaultKind.TABLE_CLOBBERED, address, "the page table at 0x%x was overwritten");
    }
    return memory.word(address);
  }

  /** Reads a word of the list. */
  long readEntry(long virtual) throws Stopped {
    long address = translate(virtual);
    if (!memory.isWritten(address) || address % Long.BYTES != 0) {
      throw new Stopped(Ending.LIST_LOST);
    }
    if (memory.isOverwritten(address)) {
      add(
          FaultKind.LIST_CLOBBERED,
          address,
          "the list was overwritten before the entry at 0x%x was read");
    }
    countEntry();
    return memory.word(address);
  }

  /** Counts an entry that came in a register. */
  void countEntry() throws Stopped {
    if (++entriesRead > maxEntries) {
      throw new Stopped(Ending.LIST_ENDLESS);
    }
  }

  /** Copies a page, or swaps two, as the plan's relocation code does. */
  void copyPage(long destinationVirtual, long sourceVirtual) throws Stopped {
    long source = page(translate(sourceVirtual));
    long destination = page(translate(destinationVirtual));
    if (memory.isOverwritten(source)) {
      add(
          FaultKind.SOURCE_CLOBBERED,
          source,
          "the source page at 0x%x was overwritten before it was copied");
    }
    if (source == destination) {
      pagesInPlace++;
      return;
    }
    pagesCopied++;
    checkDestination(destination);
    if (plan.swapsPages()) {
      if (!sources.contains(source)) {
        add(FaultKind.STRAY_WRITE, source, "0x%x was written, which is no source page");
      }
      memory.swapPages(destination, source);
      memory.copyPage(plan.swapPage().orElseThrow(), destination);
    } else {
      memory.copyPage(destination, source);
    }
  }

  private void checkDestination(long page) throws Stopped {
    if (page == plan.controlCode()) {
      throw new Stopped(Ending.CODE_OVERWRITTEN);
    }
    if (!destinations.contains(page)) {
      boolean control = plan.controlPages().stream().anyMatch(range -> range.contains(page));
      add(
          FaultKind.STRAY_WRITE,
          page,
          control
              ? "the control page at 0x%x was overwritten"
              : "0x%x was written, where no segment goes");
    }
  }

  /** Writes a word of the relocation code's own data or stack, on its page. */
  void push(long virtual, long word) throws Stopped {
    long address = translate(virtual);
    if (page(address) != plan.controlCode()) {
      add(FaultKind.STRAY_WRITE, address, "0x%x was written, outside the control page's stack");
    }
    memory.putWord(address, word);
  }

  private long page(long address) {
    return address & -memory.pageSize();
  }

  /** Notes a fault; {@code format} takes the address. */
  void add(FaultKind kind, long address, String format) {
    if (faults.size() < Outcome.MAX_FAULTS) {
      faults.add(new Fault(kind, address, String.format(format, address)));
    }
  }

  List<Fault> faults() {
    return faults;
  }

  Outcome.Work work() {
    return new Outcome.Work(
        entriesRead, pagesCopied, pagesInPlace, translations, memory.pagesInUse());
  }
}
