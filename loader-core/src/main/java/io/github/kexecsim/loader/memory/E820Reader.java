package io.github.kexecsim.loader.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Picks the e820 tables out of the lines of a boot log; used once. */
final class E820Reader {
  private static final String WHO =
      "(BIOS-e820|BIOS-e801|BIOS-88|Xen|user|modified|extended|reserve setup_data)";

  /** The names of later states of the table; the others are the firmware's. */
  private static final Set<String> STATES =
      Set.of("user", "modified", "extended", "reserve setup_data");

  private static final Pattern BEGIN = Pattern.compile("(?<![\\w-])" + WHO + ": \\[(?:mem|gap)");
  private static final Pattern ENTRY =
      Pattern.compile(
          WHO
              + ": \\[(mem|gap) 0x(\\p{XDigit}{1,16}+)-0x(\\p{XDigit}{1,16}+)\\]"
              + "(?: ++(\\S.*+))?");
  private static final Pattern CHANGE =
      Pattern.compile("(?<![\\w-])e820: (?:update|remove) \\[mem");

  /** Both wordings: that of {@code e820_print_type} up to 6.x, and that of 7.x. */
  private static final Map<String, Long> TYPES =
      Map.ofEntries(
          Map.entry("usable", E820Entry.RAM),
          Map.entry("System RAM", E820Entry.RAM),
          Map.entry("reserved", E820Entry.RESERVED),
          Map.entry("device reserved", E820Entry.RESERVED),
          Map.entry("ACPI data", E820Entry.ACPI),
          Map.entry("ACPI NVS", E820Entry.NVS),
          Map.entry("unusable", E820Entry.UNUSABLE),
          Map.entry("soft reserved", E820Entry.SOFT_RESERVED));

  private static final Pattern NUMBERED =
      Pattern.compile("type (\\d{1,10}+)|persistent (?:RAM )?\\(type (\\d{1,10}+)\\)");

  private static final String HINT =
      "expected lines like \"BIOS-e820: [mem 0x0000000000100000-0x000000003ffdefff] usable\"";

  private final Warnings warnings;
  private final List<E820Table> tables = new ArrayList<>();

  /** The table that lines are added to; who is empty before the first. */
  private String who = "";

  private final List<E820Entry> entries = new ArrayList<>();
  private Line firstLine;

  E820Reader(Warnings warnings) {
    this.warnings = warnings;
  }

  void accept(Line line) {
    if (CHANGE.matcher(line.text()).find()) {
      warnings.add(line, "a later change to the e820 table, not carried out");
    }
    Matcher begin = BEGIN.matcher(line.text());
    if (!begin.find()) {
      return;
    }
    Matcher matcher = ENTRY.matcher(line.text().substring(begin.start()).stripTrailing());
    if (!matcher.matches()) {
      throw line.refuse("an e820 line that is cut off or garbled", HINT);
    }
    if (matcher.group(2).equals("gap")) {
      return;
    }
    long type = type(line, Optional.ofNullable(matcher.group(5)).orElse(""));
    Optional<PhysRange> range = line.range(matcher.group(3), matcher.group(4));
    if (range.isPresent()) {
      add(line, matcher.group(1), new E820Entry(range.get(), type));
    } else if (type == E820Entry.RAM) {
      throw line.beyondLimit();
    } else {
      warnings.add(line, "beyond 2^52, left out");
    }
  }

  private static long type(Line line, String words) {
    if (TYPES.containsKey(words)) {
      return TYPES.get(words);
    }
    Matcher numbered = NUMBERED.matcher(words);
    if (numbered.matches()) {
      String digits = Optional.ofNullable(numbered.group(1)).orElse(numbered.group(2));
      long type = Long.parseLong(digits);
      if (type <= 0xffff_ffffL) {
        return type;
      }
    }
    throw line.refuse("an e820 entry of unknown type", HINT);
  }

  private void add(Line line, String name, E820Entry entry) {
    boolean sameTable = name.equals(who) && !entries.isEmpty();
    if (sameTable && entry.equals(entries.get(entries.size() - 1))) {
      warnings.add(line, "the line before once more");
      return;
    }
    if (sameTable && entry.range().start() < entries.get(entries.size() - 1).range().end()) {
      if (entry.range().start() > entries.get(0).range().start()) {
        throw line.refuse("overlaps or precedes the e820 entry before", HINT);
      }
      sameTable = false;
    }
    if (!sameTable) {
      finishTable();
      who = name;
      firstLine = line;
    }
    entries.add(entry);
  }

  private void finishTable() {
    if (entries.isEmpty()) {
      return;
    }
    E820Table table = new E820Table(who, entries);
    entries.clear();
    if (tables.contains(table)) {
      warnings.add(firstLine, "an e820 table once more");
    } else if (isFirmware(table) && tables.stream().anyMatch(E820Reader::isFirmware)) {
      throw firstLine.refuse(
          "a second firmware table with other entries: two boots in one log",
          "cut the log down to one boot");
    } else {
      tables.add(table);
    }
  }

  private static boolean isFirmware(E820Table table) {
    return !STATES.contains(table.who());
  }

  /** The tables that were found; ends the reading. */
  List<E820Table> tables() {
    finishTable();
    if (!tables.isEmpty() && !isFirmware(tables.get(0))) {
      warnings.add("boot log: the firmware's e820 table is not in it: its beginning is missing");
    }
    return List.copyOf(tables);
  }
}
