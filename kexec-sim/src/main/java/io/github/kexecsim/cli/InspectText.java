package io.github.kexecsim.cli;

import io.github.kexecsim.loader.digest.Digests;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code inspect} tells, as text for people: the layers as a tree, then one after the other.
 */
final class InspectText {
  private static final String BRANCH = "`- ";

  private InspectText() {}

  static String of(InspectReport report, List<InspectReport.Details> details) {
    TextPage page = page(report.file(), report.digests());
    if (report.layers().size() > 1) {
      page.line("");
      report.layers().forEach(layer -> writeBranch(page, layer));
    }
    details.forEach(layer -> write(page, layer));
    report
        .composition()
        .ifPresent(
            uki -> {
              page.line("").line("what the UKI's kernel is started with");
              CompositionView.writeTo(page, uki);
              uki.notes().forEach(note -> page.labelled("left out", note));
            });
    return page.toString();
  }

  /** An addon, which has no layers. */
  static String of(AddonView addon, Digests digests) {
    TextPage page = page(addon.file(), digests);
    addon.writeTo(page);
    return page.toString();
  }

  private static TextPage page(InputFile file, Digests digests) {
    return new TextPage()
        .line(TextPage.printable(file.name()) + ": " + ByteCount.both(file.bytes().size()))
        .line("sha256 " + digests.sha256(file.bytes()));
  }

  private static void writeBranch(TextPage page, LayerView layer) {
    int depth = layer.number() - 1;
    String branch = depth == 0 ? "" : "   ".repeat(depth - 1) + BRANCH;
    String place = depth == 0 ? "" : ", at " + ByteCount.hex(layer.layer().offset());
    page.line(branch + layer.title() + ", " + ByteCount.human(layer.layer().size()) + place);
  }

  private static void write(TextPage page, InspectReport.Details details) {
    LayerView view = details.layer();
    page.line("").line("layer " + view.number() + ": " + view.title());
    List<List<String>> rows = new ArrayList<>();
    int size = view.layer().size();
    rows.add(List.of("size", ByteCount.hex(size), ByteCount.human(size) + view.extent()));
    for (Field field : view.layer().fields()) {
      rows.add(List.of(field.name(), field.value(), field.meaning()));
    }
    page.table(2, rows);
    details.sections().ifPresent(sections -> sections.writeTo(page));
    details.margin().ifPresent(margin -> margin.writeTo(page));
    details.x86().writeTo(page);
    write(page, details.findings());
  }

  static void write(TextPage page, List<Finding> findings) {
    for (Finding finding : findings) {
      String remedy = finding.remedy().isEmpty() ? "" : "; " + finding.remedy();
      page.labelled("  " + finding.flaw().severity().label(), finding.message() + remedy);
    }
  }
}
