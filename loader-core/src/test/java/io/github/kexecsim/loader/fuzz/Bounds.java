package io.github.kexecsim.loader.fuzz;

import com.sun.management.ThreadMXBean;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What every reader keeps to, whatever it is given: it answers, or refuses with a {@link
 * KexecException} that can be shown to a person, and allocates within a bound. Anything else that
 * is thrown goes to the fuzzer. That it ends is the fuzzer's to see: it stops an input that takes
 * ten seconds.
 */
final class Bounds {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Bounds() {}

  /**
   * Reads.
   *
   * @param allocation how many bytes the calling thread may allocate meanwhile, garbage counted
   * @param reader read with twice where it allocates more, since a class that is loaded on the way
   *     counts too
   * @return empty where the reader refuses
   */
  static <T> Optional<T> read(long allocation, Supplier<T> reader) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    Optional<T> result = answer(reader);
    if (THREADS.getCurrentThreadAllocatedBytes() - before > allocation) {
      before = THREADS.getCurrentThreadAllocatedBytes();
      result = answer(reader);
      long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
      if (allocated > allocation) {
        throw new AssertionError(allocated + " bytes were allocated, the bound is " + allocation);
      }
    }
    return result;
  }

  private static <T> Optional<T> answer(Supplier<T> reader) {
    try {
      return Optional.of(reader.get());
    } catch (KexecException e) {
      checkTold(e);
      return Optional.empty();
    }
  }

  /** A refusal says something, and nothing that a terminal would take for a command. */
  static void checkTold(KexecException e) {
    if (e.getMessage().isEmpty()) {
      throw new AssertionError("a refusal without a word: " + e.reason());
    }
    checkPrintable(e.getMessage());
    checkPrintable(e.hint());
  }

  /** Each range follows the one before it. */
  static void checkAscending(List<PhysRange> ranges) {
    for (int i = 1; i < ranges.size(); i++) {
      if (ranges.get(i).start() < ranges.get(i - 1).end()) {
        throw new AssertionError(ranges.get(i) + " does not follow " + ranges.get(i - 1));
      }
    }
  }

  static void checkPrintable(List<Finding> findings) {
    for (Finding finding : findings) {
      checkPrintable(finding.message());
      checkPrintable(finding.remedy());
    }
  }

  static void checkPrintable(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
        throw new AssertionError("not printable at " + i + ": " + Field.printable(text));
      }
    }
  }
}
