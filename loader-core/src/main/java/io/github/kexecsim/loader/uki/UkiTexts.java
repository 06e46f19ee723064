package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import io.github.kexecsim.loader.report.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a UKI's texts say, for people to read.
 *
 * @param stubVersion systemd-stub's version as it is written into the stub; empty for another stub
 * @param fields the texts of the chosen profile, and what the profiles are called
 */
public record UkiTexts(String stubVersion, List<Field> fields) {
  private static final String MAGIC_SECTION = ".sdmagic";
  private static final Pattern MAGIC =
      Pattern.compile("#### LoaderInfo: systemd-stub (\\S+) ####", Pattern.DOTALL);
  private static final Pattern NUMBER = Pattern.compile("\\d{1,6}");
  private static final int MAGIC_SIZE = 256;

  /** As many profiles as a person reads. */
  private static final int SHOWN_PROFILES = 256;

  public UkiTexts {
    Objects.requireNonNull(stubVersion);
    fields = List.copyOf(fields);
  }

  /**
   * Reads the texts.
   *
   * @param table the whole section table
   * @param sections those of the profile that is looked at
   */
  public static UkiTexts of(
      List<Section> table, Profiles profiles, ProfileSections sections, ByteView file) {
    String stub = stubVersion(table, file);
    List<Field> fields = new ArrayList<>();
    if (!stub.isEmpty()) {
      fields.add(Field.text("systemd-stub", stub, "the stub's version"));
    }
    for (UkiSection kind : UkiSection.values()) {
      if (kind.isText() && kind != UkiSection.PROFILE) {
        sections
            .one(kind)
            .flatMap(row -> SectionText.head(row, file, Profiles.SHOWN_TEXT))
            .ifPresent(
                text -> fields.add(Field.text(kind.label(), shown(kind, text), kind.meaning())));
      }
    }
    for (int number = 0; number < Math.min(profiles.count(), SHOWN_PROFILES); number++) {
      boolean chosen = sections.number().equals(OptionalInt.of(number));
      String title = profiles.title(number, file).map(Field::printable).orElse("");
      fields.add(
          Field.text(
              "profile @" + number,
              profiles.id(number, file).orElse("-"),
              title + (chosen ? (title.isEmpty() ? "" : ", ") + "looked at" : "")));
    }
    if (profiles.count() > SHOWN_PROFILES) {
      int more = profiles.count() - SHOWN_PROFILES;
      fields.add(Field.decimal("profiles", profiles.count(), "and " + more + " more than shown"));
    }
    return new UkiTexts(stub, fields);
  }

  private static String shown(UkiSection kind, String text) {
    return switch (kind) {
      case OSREL ->
          SectionText.value(text, "PRETTY_NAME")
              .or(() -> SectionText.value(text, "NAME"))
              .orElse("-");
      case CMDLINE -> SectionText.commandLine(text);
      default -> text.strip();
    };
  }

  private static String stubVersion(List<Section> table, ByteView file) {
    return table.stream()
        .filter(row -> row.name().equals(MAGIC_SECTION))
        .findFirst()
        .flatMap(row -> SectionText.head(row, file, MAGIC_SIZE))
        .map(MAGIC::matcher)
        .filter(Matcher::find)
        .map(matcher -> matcher.group(1))
        .orElse("");
  }

  /** The number in front of {@link #stubVersion}; empty where there is none. */
  public OptionalInt stubRelease() {
    Matcher number = NUMBER.matcher(stubVersion);
    return number.lookingAt()
        ? OptionalInt.of(Integer.parseInt(number.group()))
        : OptionalInt.empty();
  }
}
