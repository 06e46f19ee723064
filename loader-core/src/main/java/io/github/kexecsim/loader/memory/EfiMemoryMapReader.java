package io.github.kexecsim.loader.memory;

import io.github.kexecsim.loader.error.KexecException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Picks the EFI memory map out of the lines of a boot log; used once. */
final class EfiMemoryMapReader {
  /** x86: {@code arch/x86/platform/efi/efi.c, efi_print_memmap}. */
  private static final Pattern NUMBERED_BEGIN =
      Pattern.compile("(?<![\\w-])mem(\\d{2,6}+): (?=\\[|type=)");

  private static final Pattern NUMBERED =
      Pattern.compile(
          "(.*?),? range=\\[0x(\\p{XDigit}{1,16}+)-0x(\\p{XDigit}{1,16}+)([\\])]) \\(.*+");

  /** The others: {@code drivers/firmware/efi/efi-init.c, reserve_regions}. */
  private static final Pattern PLAIN_BEGIN =
      Pattern.compile("(?<![\\w-])efi: ++(?=0x\\p{XDigit}{1,16}+-0x\\p{XDigit}{1,16}+ \\[)");

  private static final Pattern PLAIN =
      Pattern.compile("0x(\\p{XDigit}++)-0x(\\p{XDigit}++) (\\[.*\\])\\*?");

  /** {@code drivers/firmware/efi/efi.c, efi_md_typeattr_format}, and what older kernels printed. */
  private static final Pattern TYPE_AND_ATTRIBUTE =
      Pattern.compile(
          "\\[(?:type=(?<type>\\d{1,10}+)|(?<name>[A-Z][\\w/ ]*+))"
              + "\\|(?:attr=0x(?<bits>\\p{XDigit}{1,16}+)|(?<names>[A-Z |]*+))\\]"
              + "|type=(?<oldType>\\d{1,10}+), attr=0x(?<oldBits>\\p{XDigit}{1,16}+)");

  /** The names of today, and where they differ those of older kernels. */
  private static final List<List<String>> TYPES =
      List.of(
          List.of("Reserved"),
          List.of("Loader Code"),
          List.of("Loader Data"),
          List.of("Boot Code"),
          List.of("Boot Data"),
          List.of("Runtime Code"),
          List.of("Runtime Data"),
          List.of("Conventional", "Conventional Memory"),
          List.of("Unusable", "Unusable Memory"),
          List.of("ACPI Reclaim", "ACPI Reclaim Memory"),
          List.of("ACPI Mem NVS", "ACPI Memory NVS"),
          List.of("MMIO", "Memory Mapped I/O"),
          List.of("MMIO Port", "MMIO Port Space"),
          List.of("PAL Code"),
          List.of("Persistent", "Persistent Memory"),
          List.of("Unaccepted"));

  private static final Map<String, Long> ATTRIBUTES =
      Map.ofEntries(
          Map.entry("UC", 0x1L),
          Map.entry("WC", 0x2L),
          Map.entry("WT", 0x4L),
          Map.entry("WB", EfiMemoryDesc.WB),
          Map.entry("UCE", 0x10L),
          Map.entry("WP", 0x1000L),
          Map.entry("RP", 0x2000L),
          Map.entry("XP", 0x4000L),
          Map.entry("NV", 0x8000L),
          Map.entry("MR", 0x1_0000L),
          Map.entry("RO", 0x2_0000L),
          Map.entry("SP", EfiMemoryDesc.SP),
          Map.entry("CC", 0x8_0000L),
          Map.entry("HP", 0x10_0000L),
          Map.entry("RUN", EfiMemoryDesc.RUNTIME));

  private static final String HINT =
      "expected lines like \"efi: mem00: [Conventional|...|WB|WT|WC|UC] range=[0x...-0x...] (1MB)\""
          + " (x86) or \"efi:   0x...-0x... [Conventional|...|WB|WT|WC|UC]\" (others)";

  /** A descriptor and where it was printed. */
  private record Found(EfiMemoryDesc desc, Line line) {}

  private final Warnings warnings;
  private final List<Found> found = new ArrayList<>();

  /** How many numbered descriptors were read, and the text of the last one. */
  private int numbered;

  private String lastNumbered = "";
  private boolean complete;

  EfiMemoryMapReader(Warnings warnings) {
    this.warnings = warnings;
  }

  void accept(Line line) {
    Matcher begin = NUMBERED_BEGIN.matcher(line.text());
    if (begin.find()) {
      String text = line.text().substring(begin.end()).stripTrailing();
      if (!text.endsWith("(invalid)")) {
        acceptNumbered(line, Integer.parseInt(begin.group(1)), text);
      }
      return;
    }
    begin = PLAIN_BEGIN.matcher(line.text());
    if (begin.find()) {
      Matcher matcher = PLAIN.matcher(line.text().substring(begin.end()).stripTrailing());
      if (!matcher.matches()) {
        throw garbled(line);
      }
      add(line, matcher.group(3), line.range(matcher.group(1), matcher.group(2)));
    }
  }

  private void acceptNumbered(Line line, int number, String text) {
    boolean again = number == numbered - 1 && text.equals(lastNumbered);
    complete |= number == 0 && numbered > 0 && !again;
    if (complete) {
      return;
    }
    if (again) {
      warnings.add(line, "the line before once more");
      return;
    }
    if (number != numbered) {
      throw line.refuse(
          "EFI memory map entry " + number + " where " + numbered + " comes next",
          "lines are missing: take the log from its very beginning (log_buf_len= enlarges it)");
    }
    numbered++;
    lastNumbered = text;
    Matcher matcher = NUMBERED.matcher(text);
    if (!matcher.matches()) {
      throw garbled(line);
    }
    String last = matcher.group(3);
    if (matcher.group(4).equals(")")) {
      // Older kernels print an exclusive end.
      last = Long.toHexString(Long.parseUnsignedLong(last, 16) - 1);
    }
    add(line, matcher.group(1), line.range(matcher.group(2), last));
  }

  private void add(Line line, String typeAndAttribute, Optional<PhysRange> range) {
    Matcher matcher = TYPE_AND_ATTRIBUTE.matcher(typeAndAttribute);
    if (!matcher.matches()) {
      throw garbled(line);
    }
    long type = type(line, matcher);
    long attribute = attribute(line, matcher);
    if (range.isPresent()) {
      found.add(new Found(new EfiMemoryDesc(range.get(), type, attribute), line));
    } else if (new EfiMemoryDesc(new PhysRange(0, 0), type, attribute).isRam()) {
      throw line.beyondLimit();
    } else {
      warnings.add(line, "beyond 2^52, left out");
    }
  }

  private static long type(Line line, Matcher matcher) {
    if (matcher.group("name") != null) {
      String name = matcher.group("name").stripTrailing();
      for (int type = 0; type < TYPES.size(); type++) {
        if (TYPES.get(type).contains(name)) {
          return type;
        }
      }
      throw line.refuse("an EFI memory type of unknown name", HINT);
    }
    long type =
        Long.parseLong(
            Optional.ofNullable(matcher.group("type")).orElseGet(() -> matcher.group("oldType")));
    if (type > 0xffff_ffffL) {
      throw line.refuse("an EFI memory type beyond 32 bits", HINT);
    }
    return type;
  }

  private long attribute(Line line, Matcher matcher) {
    String names = matcher.group("names");
    if (names == null) {
      return Long.parseUnsignedLong(
          Optional.ofNullable(matcher.group("bits")).orElseGet(() -> matcher.group("oldBits")), 16);
    }
    long attribute = 0;
    for (String column : names.split("\\|")) {
      String name = column.strip();
      if (ATTRIBUTES.containsKey(name)) {
        attribute |= ATTRIBUTES.get(name);
      } else if (!name.isEmpty()) {
        warnings.add(line, "an EFI memory attribute of unknown name, taken as not there");
      }
    }
    return attribute;
  }

  private static KexecException garbled(Line line) {
    return line.refuse("an EFI memory map line that is cut off or garbled", HINT);
  }

  /** The descriptors that were found, ascending; ends the reading. */
  List<EfiMemoryDesc> memoryMap() {
    found.sort(Comparator.comparing(entry -> entry.desc.range()));
    List<EfiMemoryDesc> map = new ArrayList<>();
    for (Found entry : found) {
      EfiMemoryDesc before = map.isEmpty() ? null : map.get(map.size() - 1);
      if (entry.desc.equals(before)) {
        warnings.add(entry.line, "an EFI memory map entry once more");
        continue;
      }
      if (before != null && entry.desc.range().overlaps(before.range())) {
        throw entry.line.refuse(
            "overlaps " + before.range() + " of the same EFI memory map",
            "if two boots are in the log, cut it down to one");
      }
      map.add(entry.desc);
    }
    return map;
  }
}
