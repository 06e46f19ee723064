package io.github.kexecsim.model.sim;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What came of a simulated relocation. Everything that can go wrong is told here; nothing is
 * thrown.
 *
 * @param ending how it ended
 * @param faults what was found on the way, in order; at most {@value #MAX_FAULTS}
 * @param handoff the state in which the next kernel begins, where it does
 * @param work what was done
 */
public record Outcome(Ending ending, List<Fault> faults, Optional<Handoff> handoff, Work work) {
  /** How many faults are kept. */
  public static final int MAX_FAULTS = 64;

  /** How a relocation ends, seen from outside. */
  public enum Ending {
    /** The next kernel was entered. It may be damaged all the same: see the faults. */
    ENTERED("the next kernel was entered"),
    /** The purgatory computed another digest than it was told, and stays in an endless loop. */
    DIGEST_MISMATCH("digest mismatch: halts"),
    /** An address was used that nothing maps, with no handler left to take the fault. */
    TRANSLATION_FAULT("an unmapped address was used: the CPU faults"),
    /** The relocation code copied a page over its own. */
    CODE_OVERWRITTEN("the relocation code overwrote itself"),
    /** The list led into memory that nobody had written. */
    LIST_LOST("the list leads nowhere"),
    /** More entries were read than the list has. */
    LIST_ENDLESS("the list does not end");

    private final String text;

    Ending(String text) {
      this.text = text;
    }

    /** What it means, in a few words. */
    public String text() {
      return text;
    }

    /** The name as JSON shows it: lower case, with hyphens. */
    public String code() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** What can be found wrong. */
  public enum FaultKind {
    /** A source page had been overwritten before it was copied. */
    SOURCE_CLOBBERED,
    /** A page of the list had been overwritten before it was read. */
    LIST_CLOBBERED,
    /** A page table had been overwritten before it was walked. */
    TABLE_CLOBBERED,
    /** Something was written outside the destinations and what the relocation may write. */
    STRAY_WRITE,
    /** A segment's bytes are not at its place. */
    SEGMENT_DIFFERS,
    /** A segment's memory behind its bytes is not zero. */
    TAIL_NOT_ZERO,
    /** A segment is not mapped at its own address in the map that the next kernel begins with. */
    NOT_MAPPED;

    /** The name as JSON shows it: lower case, with hyphens. */
    public String code() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * One thing found wrong.
   *
   * @param kind what
   * @param address the physical address where
   * @param message for people
   */
  public record Fault(FaultKind kind, long address, String message) {}

  /**
   * What a relocation did.
   *
   * @param entriesRead words of the list, DONE included
   * @param pagesCopied pages copied, or swapped, from another place
   * @param pagesInPlace pages that were their own source
   * @param translations addresses that were translated by walking tables
   * @param pagesInUse pages of memory that hold anything in the end, page tables included
   */
  public record Work(
      long entriesRead, long pagesCopied, long pagesInPlace, long translations, long pagesInUse) {}

  public Outcome {
    faults = List.copyOf(faults);
  }

  /** Whether the next kernel was entered, with every byte of it at its place. */
  public boolean isSuccess() {
    return ending == Ending.ENTERED && faults.isEmpty();
  }

  /** The ending, or the first fault of a next kernel that was entered in spite of it. */
  public String summary() {
    return ending == Ending.ENTERED && !faults.isEmpty() ? faults.get(0).message() : ending.text();
  }
}
