package io.github.kexecsim.cli;

import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.uki.Composition;
import io.github.kexecsim.loader.uki.Part;

/** What the kernel of a UKI is started with, as it is shown. */
final class CompositionView {
  private CompositionView() {}

  /** One line a thing, with where it comes from and why. */
  static void writeTo(TextPage page, Composition uki) {
    uki.profile()
        .ifPresent(
            number ->
                page.labelled(
                    "profile",
                    "@" + number + uki.profileId().map(id -> " (" + shown(id) + ")").orElse("")));
    uki.osName().ifPresent(name -> page.labelled("system", shown(name)));
    uki.uname().ifPresent(release -> page.labelled("release", shown(release)));
    write(page, "kernel", uki.kernel());
    String label = "initrd";
    for (Part part : uki.initrds()) {
      write(page, label, part);
      label = "";
    }
    Composition.CommandLine line = uki.commandLine();
    page.labelled(
        "command line", "\"" + shown(line.text()) + "\" " + from(line.from(), line.why()));
    Composition.DeviceTree tree = uki.deviceTree();
    page.labelled(
        "device tree",
        tree.bytes().map(bytes -> ByteCount.human(bytes.size()) + " ").orElse("")
            + from(tree.from(), tree.why()));
  }

  private static void write(TextPage page, String label, Part part) {
    page.labelled(
        label, ByteCount.human(part.bytes().size()) + " " + from(part.from(), part.why()));
  }

  private static String from(String from, String why) {
    return (from.equals(Part.GIVEN) ? "" : "from ") + from + ": " + why;
  }

  private static String shown(String text) {
    return Field.printable(text);
  }

  static void writeTo(JsonText json, Composition uki) {
    uki.profile().ifPresent(number -> json.number("profile", number));
    uki.profileId().ifPresent(id -> json.string("profile_id", id));
    uki.osName().ifPresent(name -> json.string("os", name));
    uki.uname().ifPresent(release -> json.string("uname", release));
    json.object("kernel", inner -> write(inner, uki.kernel()));
    json.objects("initrds", uki.initrds(), part -> write(json, part));
    json.object(
        "command_line",
        inner ->
            inner
                .string("from", uki.commandLine().from())
                .string("why", uki.commandLine().why())
                .string("text", uki.commandLine().text()));
    json.object(
        "dtb",
        inner -> {
          Composition.DeviceTree tree = uki.deviceTree();
          inner.string("from", tree.from()).string("why", tree.why());
          tree.bytes().ifPresent(bytes -> inner.hex("size", bytes.size()));
        });
    json.strings("left_out", uki.notes());
  }

  private static void write(JsonText json, Part part) {
    json.string("from", part.from()).string("why", part.why()).hex("size", part.bytes().size());
  }
}
