package io.github.kexecsim.cli;

import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.report.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The sections of a PE image, with a line of addresses on which overlaps can be seen. */
final class SectionTable {
  /** As many rows as a person reads; a header may have tens of thousands. */
  private static final int SHOWN = 256;

  private final List<Section> sections;
  private final int count;

  SectionTable(PeHeader header) {
    count = header.sections().size();
    sections = header.sections().subList(0, Math.min(count, SHOWN));
  }

  void writeTo(JsonText json) {
    json.number("section_count", count);
    json.objects(
        "sections",
        sections,
        section ->
            json.string("name", Field.printable(section.name()))
                .hex("start", section.virtualAddress())
                .hex("end", section.memoryEnd())
                .hex("file_offset", section.rawOffset())
                .hex("file_size", section.rawSize())
                .string("may", may(section)));
  }

  void writeTo(TextPage page) {
    if (sections.isEmpty()) {
      return;
    }
    AddressLine line =
        new AddressLine(
            sections.stream()
                .map(row -> new AddressLine.Bar(row.virtualAddress(), row.memoryEnd()))
                .toList());
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("section", "address", "to", "in file", "may", line.heading()));
    for (Section section : sections) {
      rows.add(
          List.of(
              Field.printable(section.name()),
              ByteCount.hex(section.virtualAddress()),
              last(section),
              ByteCount.hex(section.rawSize()),
              may(section),
              line.bar(rows.size() - 1)));
    }
    Optional<String> overlaps = line.overlaps();
    overlaps.ifPresent(marks -> rows.add(List.of("", "", "", "", "overlap", marks)));
    page.line("");
    page.table(2, rows, 1, 2, 3);
    if (count > sections.size()) {
      page.line("  and " + (count - sections.size()) + " more sections");
    }
  }

  /** The last address, as in other tables; nothing for a section that takes no memory. */
  private static String last(Section section) {
    return section.memorySize() == 0 ? "-" : ByteCount.hex(section.memoryEnd() - 1);
  }

  private static String may(Section section) {
    return (section.is(Section.READ) ? "r" : "-")
        + (section.is(Section.WRITE) ? "w" : "-")
        + (section.is(Section.EXECUTE) ? "x" : "-");
  }
}
