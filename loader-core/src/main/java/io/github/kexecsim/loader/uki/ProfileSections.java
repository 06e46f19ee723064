package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The sections of a profile: its own, which override those of the same name before the first
 * profile ({@code src/boot/stub.c, find_sections}, systemd v257).
 *
 * @param number the profile's, from 0; empty where the UKI has none
 * @param own the rows from its {@code .profile} to the next
 * @param base the rows before the first {@code .profile}
 */
public record ProfileSections(OptionalInt number, List<Section> own, List<Section> base) {
  public ProfileSections {
    Objects.requireNonNull(number);
    own = List.copyOf(own);
    base = List.copyOf(base);
  }

  /**
   * The section that counts: the first of the profile, or else of the base. One without bytes in
   * memory is none, and of a profile hides the base's all the same.
   */
  public Optional<Section> one(UkiSection wanted) {
    return first(own, wanted).or(() -> first(base, wanted)).filter(row -> row.virtualSize() != 0);
  }

  /** As {@link #one}, of any name; of a section without bytes in memory too. */
  public Optional<Section> named(String name) {
    return Stream.concat(own.stream(), base.stream())
        .filter(row -> row.name().equals(name))
        .findFirst();
  }

  /** All of a kind that may be there several times, the profile's own first. */
  public List<Section> all(UkiSection wanted) {
    return Stream.concat(own.stream(), base.stream())
        .filter(row -> row.name().equals(wanted.label()) && row.virtualSize() != 0)
        .toList();
  }

  private static Optional<Section> first(List<Section> rows, UkiSection wanted) {
    return rows.stream().filter(row -> row.name().equals(wanted.label())).findFirst();
  }

  /** What the profile is called: {@code @} and its number; empty where the UKI has none. */
  public String label() {
    return number.isPresent() ? "@" + number.getAsInt() : "";
  }

  /** The refusal of a profile without a kernel. */
  public KexecException noKernel() {
    return new KexecException(
        Reason.BAD_HEADER,
        (number.isPresent() ? "profile " + label() : "the UKI")
            + " has no section .linux, or an empty one",
        "systemd-stub stops here too: choose another profile, or add the kernel");
  }

  /** Where a section comes from, in words; empty where there are no profiles. */
  String origin(Section row) {
    if (number.isEmpty()) {
      return "";
    }
    boolean isOwn = own.stream().anyMatch(mine -> mine == row);
    return isOwn ? "of profile " + label() : "shared by the profiles";
  }
}
