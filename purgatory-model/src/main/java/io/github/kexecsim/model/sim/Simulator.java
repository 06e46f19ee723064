package io.github.kexecsim.model.sim;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.Destinations;
import io.github.kexecsim.model.kimage.Kimage;
import io.github.kexecsim.model.kimage.SegmentPages;
import io.github.kexecsim.model.mmu.PageTable;
import io.github.kexecsim.model.purgatory.PurgatoryPlan;
import io.github.kexecsim.model.purgatory.ShaRegion;
import io.github.kexecsim.model.sim.LastCpu.Stopped;
import io.github.kexecsim.model.sim.Outcome.Ending;
import io.github.kexecsim.model.sim.Outcome.FaultKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Executes a {@link RelocationPlan} on modelled memory. The plan's own words are put into memory
 * first and read back from there, so that a plan, or a memory, that is wrong shows itself.
 */
public final class Simulator {
  private Simulator() {}

  /** Loads a plan and runs it. */
  public static Outcome run(RelocationPlan plan) {
    return execute(plan, load(plan));
  }

  /**
   * Memory as it stands when the running kernel has loaded the image and is about to leave: the
   * content on its source pages (a crash load's in place), the list, the page tables.
   */
  public static PhysMemory load(RelocationPlan plan) {
    PhysMemory memory = new PhysMemory(plan.machine().pageSize());
    List<PageTable> tables = new ArrayList<>(plan.identityMap().tables());
    tables.addAll(plan.identityMap().transitionTables());
    tables.forEach(table -> memory.put(table.address(), table::descriptors));
    Kimage kimage = plan.kimage();
    RelocateKernel code = RelocateKernel.of(plan.machine().architecture());
    for (int i = 0; i < kimage.indirectionPages(); i++) {
      long[] words = Arrays.stream(kimage.indirectionWords(i)).map(code::inMemory).toArray();
      memory.put(kimage.indirectionPage(i), () -> words);
    }
    long index = 0;
    for (SegmentPages pages : kimage.destinations().segments()) {
      for (long page = 0; page < pages.count(); page++) {
        memory.put(kimage.source(index++), pages.page(page));
      }
    }
    return memory;
  }

  /**
   * Runs a plan on memory that {@link #load} made, and that may have been changed since.
   *
   * @return what came of it; nothing is thrown for a plan or a memory that is wrong
   */
  public static Outcome execute(RelocationPlan plan, PhysMemory memory) {
    LastCpu cpu = new LastCpu(plan, memory);
    try {
      Handoff afterCopy = RelocateKernel.of(plan.machine().architecture()).run(cpu);
      checkSegments(cpu, afterCopy);
      Handoff handoff =
          plan.purgatory().isPresent()
              ? purgatory(cpu, plan.purgatory().get(), afterCopy)
              : afterCopy;
      return new Outcome(Ending.ENTERED, cpu.faults(), Optional.of(handoff), cpu.work());
    } catch (Stopped stopped) {
      return new Outcome(stopped.ending(), cpu.faults(), Optional.empty(), cpu.work());
    }
  }

  /**
   * The purgatory's course: digest, then either the next kernel or an endless loop ({@code
   * arch/x86/purgatory} and {@code arch/riscv/purgatory}, v6.1).
   */
  private static Handoff purgatory(LastCpu cpu, PurgatoryPlan purgatory, Handoff entered)
      throws Stopped {
    PhysMemory memory = cpu.memory();
    for (ShaRegion region : purgatory.shaRegions()) {
      for (long at = region.start(); at < region.start() + region.len(); at += memory.pageSize()) {
        cpu.translate(cpu.plan().identityMap().virtualAddress(at));
      }
    }
    ByteView digest = ShaRegion.digest(purgatory.shaRegions(), memory.pageSize(), memory::page);
    if (!digest.equals(purgatory.digest())) {
      throw new Stopped(Ending.DIGEST_MISMATCH);
    }
    return entered.entering(
        cpu.plan().placed().kernelEntry(), purgatory.registers(), purgatory.segment());
  }

  private static void checkSegments(LastCpu cpu, Handoff handoff) {
    Destinations destinations = cpu.plan().kimage().destinations();
    for (SegmentPages pages : destinations.segments()) {
      checkBytes(cpu, pages);
      if (handoff.identityMap().isPresent() && cpu.plan().type() == LoadType.CRASH) {
        checkMapped(cpu, handoff, pages.segment());
      }
    }
  }

  /** Notes the first difference of a segment. */
  private static void checkBytes(LastCpu cpu, SegmentPages pages) {
    KexecSegment segment = pages.segment();
    int pageSize = cpu.memory().pageSize();
    for (long page = 0; page < pages.count(); page++) {
      long address = segment.mem() + page * pageSize;
      int at = mismatch(cpu.memory().page(address), pages.page(page));
      if (at >= 0) {
        boolean tail = page * pageSize + at >= segment.bufsz();
        cpu.add(
            tail ? FaultKind.TAIL_NOT_ZERO : FaultKind.SEGMENT_DIFFERS,
            address + at,
            segment.role() + (tail ? ": memory behind its bytes" : "") + " differs at 0x%x");
        return;
      }
    }
  }

  private static int mismatch(ByteView found, ByteView expected) {
    return Arrays.mismatch(
        found.array(),
        found.arrayOffset(),
        found.arrayOffset() + found.size(),
        expected.array(),
        expected.arrayOffset(),
        expected.arrayOffset() + expected.size());
  }

  /** A copy proves that its pages are mapped; what was in place already was not looked at yet. */
  private static void checkMapped(LastCpu cpu, Handoff handoff, KexecSegment segment) {
    for (long at = segment.mem(); at < segment.range().end(); at += cpu.memory().pageSize()) {
      long virtual = handoff.identityMap().orElseThrow().virtualAddress(at);
      if (cpu.lookUp(virtual).orElse(-1) != at) {
        cpu.add(FaultKind.NOT_MAPPED, at, segment.role() + " is not mapped at 0x%x");
        return;
      }
    }
  }
}
