package io.github.kexecsim.cli;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.pe.PeFindings;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.uki.Addon;
import io.github.kexecsim.loader.uki.UkiSection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A UKI addon as it is shown.
 *
 * @param file the file
 * @param addon what it is
 */
record AddonView(InputFile file, Addon addon) {
  /** Of a file that is an addon, and no image. */
  static Optional<AddonView> of(InputFile file) {
    try {
      ImageProbe.parse(file.bytes());
      return Optional.empty();
    } catch (KexecException e) {
      // What is no image may be an addon.
    }
    try {
      return Optional.of(new AddonView(file, Addon.parse(file.name(), file.bytes())));
    } catch (KexecException e) {
      return Optional.empty();
    }
  }

  List<Finding> findings() {
    return PeFindings.of(file.bytes());
  }

  void writeTo(TextPage page) {
    page.line("").line("UKI addon" + architecture().map(arch -> " " + arch).orElse(""));
    List<List<String>> rows = new ArrayList<>();
    for (Field field : addon.pe().fields()) {
      rows.add(List.of(field.name(), field.value(), field.meaning()));
    }
    for (UkiSection kind : addon.applicable()) {
      rows.add(List.of("adds " + kind.label(), ByteCount.hex(size(kind)), kind.meaning()));
    }
    page.table(2, rows);
    addon.commandLine().ifPresent(line -> page.labelled("  appends", Field.printable(line)));
    InspectText.write(page, findings());
  }

  void writeTo(JsonText json) {
    architecture().ifPresent(arch -> json.string("arch", arch));
    json.objects(
        "adds",
        addon.applicable(),
        kind -> json.string("section", kind.label()).hex("size", size(kind)));
    addon.commandLine().ifPresent(line -> json.string("command_line", line));
    InspectJson.write(json, findings());
  }

  private Optional<String> architecture() {
    return addon.pe().architecture().map(Object::toString);
  }

  private long size(UkiSection kind) {
    Section row = addon.section(kind).orElseThrow();
    return Math.min(row.virtualSize(), row.rawSize());
  }
}
