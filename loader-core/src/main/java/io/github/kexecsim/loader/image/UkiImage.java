package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeFindings;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.uki.ProfileSections;
import io.github.kexecsim.loader.uki.Profiles;
import io.github.kexecsim.loader.uki.UkiFindings;
import io.github.kexecsim.loader.uki.UkiSection;
import io.github.kexecsim.loader.uki.UkiTexts;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A unified kernel image: an EFI stub that has a kernel, and what that is started with, as sections
 * beside its own (UAPI Group, Unified Kernel Image). Its kernel is that of one profile.
 *
 * @param pe the PE header
 * @param profiles how the section table is divided
 * @param sections those of the profile that is looked at, the first unless another is chosen
 * @param texts what its texts say
 */
public record UkiImage(PeHeader pe, Profiles profiles, ProfileSections sections, UkiTexts texts)
    implements KernelImage {
  static final String FORMAT = "uki";
  private static final int DOS_HEADER_SIZE = 0x40;
  private static final int PE_OFFSET_OFFSET = 0x3c;

  public UkiImage {
    Objects.requireNonNull(pe);
    Objects.requireNonNull(profiles);
    Objects.requireNonNull(sections);
    Objects.requireNonNull(texts);
  }

  /** A PE file with a section {@code .linux}: of all EFI applications only UKIs have one. */
  static boolean matches(ByteView file) {
    if (!file.matches(0, "MZ") || file.size() < DOS_HEADER_SIZE) {
      return false;
    }
    long pe = file.u32le(PE_OFFSET_OFFSET);
    if (!file.matches(pe, "PE\0\0") || file.size() - pe < PeHeader.COFF_SIZE) {
      return false;
    }
    long row = pe + PeHeader.COFF_SIZE + file.u16le(pe + 20);
    for (int left = file.u16le(pe + 6); left > 0; left--) {
      if (file.matches(row, ".linux\0\0")) {
        return true;
      }
      row += PeHeader.SECTION_SIZE;
    }
    return false;
  }

  /**
   * Reads the section table and the texts, and chooses the default profile.
   *
   * @throws KexecException {@link Reason#TRUNCATED} or {@link Reason#BAD_HEADER}
   */
  public static UkiImage parse(ByteView file) {
    PeHeader pe = PeHeader.parse(file, file.u32le(PE_OFFSET_OFFSET));
    Profiles profiles = Profiles.of(pe.sections());
    return of(pe, profiles, profiles.byDefault(), file);
  }

  private static UkiImage of(
      PeHeader pe, Profiles profiles, ProfileSections sections, ByteView file) {
    return new UkiImage(
        pe, profiles, sections, UkiTexts.of(pe.sections(), profiles, sections, file));
  }

  /**
   * The same UKI, started with another profile.
   *
   * @param profile its number, with or without {@code @}, or its ID
   * @param file the bytes that this image was parsed from
   * @throws KexecException {@link Reason#NO_SUCH_PROFILE}
   */
  public UkiImage withProfile(String profile, ByteView file) {
    return of(pe, profiles, profiles.select(profile, file), file);
  }

  @Override
  public String format() {
    return FORMAT;
  }

  @Override
  public Optional<Architecture> architecture() {
    return pe.architecture();
  }

  @Override
  public List<Field> fields() {
    List<Field> fields = new ArrayList<>(pe.fields());
    fields.addAll(texts.fields());
    return fields;
  }

  /** None: what there is to find is found in the sections. */
  @Override
  public List<Finding> findings() {
    return List.of();
  }

  @Override
  public List<Finding> findings(ByteView file) {
    List<Finding> all = new ArrayList<>(UkiFindings.of(pe.sections(), sections, file));
    KernelRoom.of(this, file).ifPresent(room -> all.addAll(room.findings()));
    return all;
  }

  /** Of sections that mean something in a UKI the size is looked at already. */
  @Override
  public List<Finding> peFindings(ByteView file) {
    return PeFindings.of(pe, file, row -> UkiSection.byName(row.name()).isEmpty());
  }

  /** The kernel of the profile, as it is stored: without the padding of the file. */
  @Override
  public Optional<Payload> payload(ByteView file) {
    PeHeader.Section linux = linux().orElseThrow(sections::noKernel);
    ByteView kernel = linux.in(file);
    return Optional.of(
        new Payload(linux.rawOffset(), kernel.size(), Optional.empty(), OptionalLong.empty()));
  }

  Optional<PeHeader.Section> linux() {
    return sections.one(UkiSection.LINUX);
  }
}
