package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a UKI's section table is divided into profiles: each row named {@code .profile} begins one,
 * and what stands before the first is shared by all ({@code src/boot/pe.c,
 * pe_locate_profile_sections}, systemd v257).
 */
public final class Profiles {
  /** Of a profile's text, and of any other that is only shown, no more than this is read. */
  static final int SHOWN_TEXT = 4096;

  private final List<Section> table;
  private final List<Integer> starts;

  private Profiles(List<Section> table, List<Integer> starts) {
    this.table = table;
    this.starts = starts;
  }

  /** Divides a section table. */
  public static Profiles of(List<Section> table) {
    List<Integer> starts = new ArrayList<>();
    for (int row = 0; row < table.size(); row++) {
      if (table.get(row).name().equals(UkiSection.PROFILE.label())) {
        starts.add(row);
      }
    }
    return new Profiles(List.copyOf(table), List.copyOf(starts));
  }

  /** How many profiles there are; 0 for a UKI that is not divided. */
  public int count() {
    return starts.size();
  }

  /** What is taken where nothing is chosen: profile 0, or the undivided UKI. */
  public ProfileSections byDefault() {
    return count() == 0 ? new ProfileSections(OptionalInt.empty(), List.of(), table) : sections(0);
  }

  /**
   * The sections of a profile.
   *
   * @param number from 0; 0 is the undivided UKI too
   * @throws KexecException {@link Reason#NO_SUCH_PROFILE}
   */
  public ProfileSections select(int number) {
    if (number == 0) {
      return byDefault();
    }
    if (number < 0 || number >= count()) {
      throw noProfile("@" + number);
    }
    return sections(number);
  }

  private ProfileSections sections(int number) {
    int start = starts.get(number);
    int end = number + 1 < count() ? starts.get(number + 1) : table.size();
    return new ProfileSections(
        OptionalInt.of(number), table.subList(start, end), table.subList(0, starts.get(0)));
  }

  /**
   * The sections of the profile that a person names.
   *
   * @param wanted its number, with or without {@code @}, or its ID
   * @param file the UKI
   * @throws KexecException {@link Reason#NO_SUCH_PROFILE}
   */
  public ProfileSections select(String wanted, ByteView file) {
    if (wanted.matches("@?[0-9]{1,9}")) {
      return select(Integer.parseInt(wanted.replace("@", "")));
    }
    for (int number = 0; number < count(); number++) {
      if (id(number, file).equals(Optional.of(wanted))) {
        return sections(number);
      }
    }
    throw noProfile("\"" + wanted + "\"");
  }

  /** The ID that a profile gives itself. */
  public Optional<String> id(int number, ByteView file) {
    return value(number, "ID", file);
  }

  /** What a boot menu calls a profile. */
  public Optional<String> title(int number, ByteView file) {
    return value(number, "TITLE", file);
  }

  private Optional<String> value(int number, String key, ByteView file) {
    return SectionText.head(table.get(starts.get(number)), file, SHOWN_TEXT)
        .flatMap(text -> SectionText.value(text, key));
  }

  private KexecException noProfile(String wanted) {
    return new KexecException(
        Reason.NO_SUCH_PROFILE,
        "the UKI has no profile " + wanted,
        count() == 0
            ? "it is not divided into profiles"
            : "it has the profiles @0 to @" + (count() - 1) + "; inspect shows their IDs");
  }
}
