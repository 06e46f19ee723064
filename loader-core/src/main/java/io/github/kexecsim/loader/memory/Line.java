package io.github.kexecsim.loader.memory;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A line of a text that describes memory, so that a refusal can say where.
 *
 * @param file what the text is, as messages name it
 * @param number counted from 1
 * @param text without its end
 */
record Line(String file, int number, String text) {
  private static final int QUOTED = 72;

  /**
   * Hands each line that is not blank to {@code reader}, whether it ends in LF, CR LF or CR.
   *
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED} at the first line past {@link
   *     Limit#RANGES}
   */
  static void forEach(String file, String text, Limits limits, Consumer<Line> reader) {
    long most = limits.of(Limit.RANGES);
    int number = 0;
    for (Iterator<String> lines = text.lines().iterator(); lines.hasNext(); ) {
      if (number == most) {
        throw Limit.RANGES.exceeded("the number of lines of the " + file, number + 1L, most);
      }
      Line line = new Line(file, ++number, lines.next());
      if (!line.text.isBlank()) {
        reader.accept(line);
      }
    }
  }

  /** A {@link Reason#BAD_MEMORY_MAP} that says where and quotes the line. */
  KexecException refuse(String fault, String hint) {
    return new KexecException(
        Reason.BAD_MEMORY_MAP,
        String.format(Locale.ROOT, "%s, line %d: %s: \"%s\"", file, number, fault, quoted()),
        hint);
  }

  private String quoted() {
    String shown = text.strip().replaceAll("[^ -~]", "?");
    return shown.length() <= QUOTED ? shown : shown.substring(0, QUOTED) + "...";
  }

  /**
   * The range between two inclusive addresses in hex, at most 16 digits each.
   *
   * @return empty where the range reaches beyond {@link PhysRange#LIMIT}
   * @throws KexecException {@link Reason#BAD_MEMORY_MAP} if the last address is below the first
   */
  Optional<PhysRange> range(String firstHex, String lastHex) {
    long first = Long.parseUnsignedLong(firstHex, 16);
    long last = Long.parseUnsignedLong(lastHex, 16);
    if (Long.compareUnsigned(last, first) < 0) {
      throw refuse("a range that ends before it starts", "compare it with the original");
    }
    return Long.compareUnsigned(last, PhysRange.LIMIT) < 0
        ? Optional.of(PhysRange.ofInclusive(first, last))
        : Optional.empty();
  }

  /** The refusal of memory that no {@link PhysRange} can hold. */
  KexecException beyondLimit() {
    return refuse(
        "memory beyond 2^52, the widest physical address there is",
        "if the machine is real, report it; otherwise correct the line");
  }
}
