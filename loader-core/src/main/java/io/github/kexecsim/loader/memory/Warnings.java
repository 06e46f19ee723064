package io.github.kexecsim.loader.memory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Oddities that stop no reader, told once a kind however often they come. */
final class Warnings {
  private final Map<String, List<Line>> byKind = new LinkedHashMap<>();
  private final List<String> general = new ArrayList<>();

  /** Notes that {@code line} has the oddity {@code kind}. */
  void add(Line line, String kind) {
    byKind.computeIfAbsent(kind, unused -> new ArrayList<>()).add(line);
  }

  /** Notes an oddity of a whole text. */
  void add(String warning) {
    general.add(warning);
  }

  List<String> toList() {
    List<String> told = new ArrayList<>(general);
    byKind.forEach(
        (kind, lines) -> {
          Line first = lines.get(0);
          String more =
              lines.size() == 1
                  ? ""
                  : String.format(Locale.ROOT, " (and %d lines more)", lines.size() - 1);
          told.add(
              String.format(
                  Locale.ROOT, "%s, line %d: %s%s", first.file(), first.number(), kind, more));
        });
    return List.copyOf(told);
  }
}
