package io.github.kexecsim.loader.uki;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.pe.PeHeader.Section;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A PE file that adds to a UKI what it has in its sections, but for a kernel ({@code
 * src/boot/stub.c, load_addons}, systemd v257).
 *
 * @param name the file's name, by which the stub sorts addons
 * @param pe its header
 * @param file its bytes
 */
public record Addon(String name, PeHeader pe, ByteView file) {
  private static final List<UkiSection> APPLICABLE =
      List.of(
          UkiSection.CMDLINE,
          UkiSection.DTB,
          UkiSection.DTBAUTO,
          UkiSection.INITRD,
          UkiSection.UCODE);

  public Addon {
    Objects.requireNonNull(name);
    Objects.requireNonNull(pe);
    Objects.requireNonNull(file);
  }

  /**
   * Reads an addon.
   *
   * @param name the file's name, without its folder
   * @throws KexecException {@link Reason#UNKNOWN_FORMAT} where it is no PE file, {@link
   *     Reason#BAD_HEADER} where it is one that the stub ignores: a UKI, or one without a section
   *     that adds anything; what {@link PeHeader#parse} throws
   */
  public static Addon parse(String name, ByteView file) {
    PeHeader header =
        PeHeader.find(file)
            .orElseThrow(
                () ->
                    new KexecException(
                        Reason.UNKNOWN_FORMAT,
                        "an addon is a PE file, and this is none",
                        "make one with ukify"));
    Addon addon = new Addon(name, header, file);
    if (addon.section(UkiSection.LINUX).isPresent()) {
      throw new KexecException(
          Reason.BAD_HEADER,
          "it has a section .linux: this is a UKI, no addon",
          "load it in the other's stead, or take .linux out of it");
    }
    if (addon.applicable().isEmpty()) {
      throw new KexecException(
          Reason.BAD_HEADER,
          "it has none of the sections .cmdline, .dtb, .dtbauto, .initrd and .ucode",
          "a stub ignores such an addon: make it anew with ukify");
    }
    return addon;
  }

  /** Its first section of a kind, unless that is empty. */
  public Optional<Section> section(UkiSection wanted) {
    return sections().one(wanted);
  }

  /** What it adds. */
  public List<UkiSection> applicable() {
    return APPLICABLE.stream().filter(wanted -> section(wanted).isPresent()).toList();
  }

  /**
   * What it appends to a command line; empty where it has none, or not inside the file.
   *
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED} where it is longer than any kernel takes
   */
  public Optional<String> commandLine() {
    return section(UkiSection.CMDLINE)
        .flatMap(row -> SectionText.bytes(row, file))
        .map(bytes -> SectionText.commandLine(Composer.text(bytes, name)));
  }

  /** An addon has no profiles. */
  ProfileSections sections() {
    return new ProfileSections(OptionalInt.empty(), List.of(), pe.sections());
  }
}
