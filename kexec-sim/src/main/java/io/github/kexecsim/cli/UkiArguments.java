package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadRequest.UkiOptions;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.uki.Addon;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What is chosen of a UKI. */
final class UkiArguments {
  static final Option ADDON =
      Option.list(
          "FILE", "Of a UKI: put this addon beside it; may be given several times.", "--addon");
  static final Option PROFILE =
      Option.of(
          "PROFILE", "Of a UKI: start this profile, by number or ID; 0 unless told.", "--profile");

  static final List<Option> ALL = List.of(PROFILE, ADDON);

  private UkiArguments() {}

  /**
   * Reads what the options name.
   *
   * @throws KexecException where an addon is none, with the file's name in front
   */
  static UkiOptions read(Arguments arguments, InputFiles files) {
    List<Addon> addons = new ArrayList<>();
    for (String name : arguments.values(ADDON)) {
      addons.add(addon(files.read(name)));
    }
    return new UkiOptions(arguments.value(PROFILE), addons, arguments.has(MachineOptions.DTB));
  }

  /**
   * Checks that nothing is chosen of a file that is no UKI.
   *
   * @throws Failure with {@link ExitStatus#USAGE}
   */
  static void checkNoneChosen(UkiOptions options) {
    List<String> chosen = new ArrayList<>();
    options.profile().ifPresent(any -> chosen.add(PROFILE.name()));
    if (!options.addons().isEmpty()) {
      chosen.add(ADDON.name());
    }
    if (!chosen.isEmpty()) {
      String go = chosen.size() == 1 ? " goes" : " go";
      throw Failure.usage(String.join(" and ", chosen) + go + " with a UKI, and this is none");
    }
  }

  private static Addon addon(InputFile file) {
    try {
      return Addon.parse(String.valueOf(Path.of(file.name()).getFileName()), file.bytes());
    } catch (KexecException e) {
      throw new KexecException(
          e.reason(), e.errno(), file.name() + ": " + e.getMessage(), e.hint(), e);
    }
  }
}
