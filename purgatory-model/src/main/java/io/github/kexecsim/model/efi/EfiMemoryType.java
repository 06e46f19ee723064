package io.github.kexecsim.model.efi;

/** The types of memory that a stub asks for or is told of (UEFI Specification 2.10, 7.2). */
public enum EfiMemoryType {
  LOADER_CODE(1),
  LOADER_DATA(2),
  BOOT_SERVICES_DATA(4),
  CONVENTIONAL(7),
  ACPI_RECLAIM(9),
  PERSISTENT(14),
  UNACCEPTED(15);

  /** The first number that no type has ({@code EfiMaxMemoryType}). */
  private static final long MAX = 16;

  /** From here on numbers belong to manufacturers and to operating system loaders. */
  private static final long OEM_RESERVED = 0x7000_0000L;

  private static final long LAST = 0xffff_ffffL;

  private final long number;

  EfiMemoryType(long number) {
    this.number = number;
  }

  /** The specification's number. */
  public long number() {
    return number;
  }

  /** Whether AllocatePages and AllocatePool give memory of such a type. */
  static boolean isAllocatable(long type) {
    boolean known = type >= 0 && type < MAX || type >= OEM_RESERVED && type <= LAST;
    return known
        && type != CONVENTIONAL.number
        && type != PERSISTENT.number
        && type != UNACCEPTED.number;
  }
}
