package io.github.kexecsim.loader.place;

import java.util.Locale;
import java.util.Optional;

/** What a segment holds. */
public enum SegmentRole {
  KERNEL,
  INITRD,
  DTB,
  ELFCOREHDR,
  PURGATORY,
  BOOT_PARAMS,
  EFI_SERVICES,
  STACK,
  CMDLINE;

  /** The name in JSON and in recorded loads. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Finds a role by its label. */
  public static Optional<SegmentRole> byLabel(String label) {
    for (SegmentRole role : values()) {
      if (role.label().equals(label)) {
        return Optional.of(role);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return label();
  }
}
