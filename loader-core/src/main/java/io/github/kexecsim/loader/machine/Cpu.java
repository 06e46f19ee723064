package io.github.kexecsim.loader.machine;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What of a machine's CPUs changes an answer of kexec_file_load.
 *
 * @param count how many CPUs may ever be there ({@code num_possible_cpus}): the notes of elfcorehdr
 * @param granulesKib arm64: the page sizes that the MMU translates, in KiB
 * @param mixedEndian arm64: whether kernels of the other endianness run
 * @param fiveLevelPaging x86_64: whether the running kernel uses 5-level page tables
 * @param la57 x86_64: whether they can, whatever the running kernel uses
 */
public record Cpu(
    int count,
    SortedSet<Integer> granulesKib,
    boolean mixedEndian,
    boolean fiveLevelPaging,
    boolean la57) {
  private static final List<Integer> ALL_GRANULES = List.of(4, 16, 64);

  /** One CPU that runs everything: what is assumed where nothing is known. */
  public static final Cpu UNKNOWN = new Cpu(1, new TreeSet<>(ALL_GRANULES), true, false);

  public Cpu {
    if (count < 1 || count > 1 << 16 || !ALL_GRANULES.containsAll(granulesKib)) {
      throw new KexecException(
          Reason.INCOMPLETE_MACHINE,
          "not a set of CPUs: " + count + " of them with page sizes " + granulesKib + " KiB",
          "1 to 65536 CPUs; page sizes 4, 16 and 64");
    }
    if (fiveLevelPaging && !la57) {
      throw new KexecException(
          Reason.INCOMPLETE_MACHINE,
          "5-level page tables on CPUs without LA57",
          "say that the CPUs have LA57");
    }
    granulesKib = Collections.unmodifiableSortedSet(new TreeSet<>(granulesKib));
  }

  /** CPUs that have LA57 where it is in use. */
  public Cpu(
      int count, SortedSet<Integer> granulesKib, boolean mixedEndian, boolean fiveLevelPaging) {
    this(count, granulesKib, mixedEndian, fiveLevelPaging, fiveLevelPaging);
  }

  /** The same CPUs, {@code newCount} of them. */
  public Cpu withCount(int newCount) {
    return new Cpu(newCount, granulesKib, mixedEndian, fiveLevelPaging, la57);
  }

  /** The same CPUs, with LA57. */
  public Cpu withLa57() {
    return new Cpu(count, granulesKib, mixedEndian, fiveLevelPaging, true);
  }
}
