package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.memory.E820Entry;
import java.util.List;
import java.util.Optional;

/** The first entry in which two memory tables differ, in words. */
final class E820Difference {
  private E820Difference() {}

  static Optional<String> between(List<E820Entry> recorded, List<E820Entry> planned) {
    for (int i = 0; i < Math.max(recorded.size(), planned.size()); i++) {
      String one = entry(recorded, i);
      String other = entry(planned, i);
      if (!one.equals(other)) {
        return Optional.of("e820 entry " + i + ": " + one + ", planned " + other);
      }
    }
    return Optional.empty();
  }

  private static String entry(List<E820Entry> table, int index) {
    return index < table.size()
        ? table.get(index).range() + " type " + table.get(index).type()
        : "none";
  }
}
