package io.github.kexecsim.loader.uki;

import java.util.Locale;
import java.util.Optional;

/** The sections that mean something in a UKI ({@code src/fundamental/uki.h}, systemd v257). */
public enum UkiSection {
  LINUX("the kernel", Kind.BYTES),
  OSREL("os-release of the system that it starts", Kind.TEXT),
  CMDLINE("the kernel's command line", Kind.TEXT),
  INITRD("the initial ramdisk", Kind.BYTES),
  UCODE("microcode, an initrd before any other", Kind.BYTES),
  SPLASH("a picture to show", Kind.BYTES),
  DTB("a device tree", Kind.BYTES),
  DTBAUTO("a device tree for machines of its own compatible", Kind.REPEATED),
  HWIDS("which hardware has which compatible", Kind.REPEATED),
  EFIFW("firmware for the hardware that .hwids names", Kind.REPEATED),
  UNAME("the kernel's release", Kind.TEXT),
  SBAT("revocation data", Kind.BYTES),
  PCRSIG("signatures of expected PCR values", Kind.BYTES),
  PCRPKEY("the public key of those signatures", Kind.BYTES),
  PROFILE("begins a profile", Kind.TEXT);

  private enum Kind {
    BYTES,
    TEXT,
    REPEATED
  }

  private final String meaning;
  private final Kind kind;

  UkiSection(String meaning, Kind kind) {
    this.meaning = meaning;
    this.kind = kind;
  }

  /** The section's name in the section table. */
  public String label() {
    return "." + name().toLowerCase(Locale.ROOT);
  }

  /** What it holds, in a few words. */
  public String meaning() {
    return meaning;
  }

  /** Whether it holds text, which has no NUL. */
  public boolean isText() {
    return kind == Kind.TEXT;
  }

  /** Whether it holds a device tree. */
  public boolean isDeviceTree() {
    return this == DTB || this == DTBAUTO;
  }

  /** Whether a profile may have several, of which the stub chooses one by the hardware. */
  public boolean mayRepeat() {
    return kind == Kind.REPEATED;
  }

  /** The section of a name; empty for one that means nothing to a stub. */
  public static Optional<UkiSection> byName(String name) {
    for (UkiSection section : values()) {
      if (section.label().equals(name)) {
        return Optional.of(section);
      }
    }
    return Optional.empty();
  }
}
