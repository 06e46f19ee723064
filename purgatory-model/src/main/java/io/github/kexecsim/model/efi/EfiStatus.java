package io.github.kexecsim.model.efi;

/** What EFI services answer, with the numbers of the UEFI Specification (2.10, appendix D). */
public enum EfiStatus {
  SUCCESS(0),
  LOAD_ERROR(1),
  INVALID_PARAMETER(2),
  UNSUPPORTED(3),
  BUFFER_TOO_SMALL(5),
  DEVICE_ERROR(7),
  OUT_OF_RESOURCES(9),
  NOT_FOUND(14);

  private static final long ERROR = 1L << 63;

  private final int code;

  EfiStatus(int code) {
    this.code = code;
  }

  /** The 64 bits that are returned: errors have the highest one set. */
  public long value() {
    return this == SUCCESS ? 0 : ERROR | code;
  }

  /** The specification's name. */
  @Override
  public String toString() {
    return "EFI_" + name();
  }
}
