package io.github.kexecsim.loader.pe;

/** What a part of an image may be used for once firmware has loaded it; it may always be read. */
public enum Protection {
  /** Code: executed, not written. */
  RX("r-x"),
  /** Data: written, not executed. */
  RW("rw-"),
  /** Anything: nothing is enforced. */
  RWX("rwx");

  private final String label;

  Protection(String label) {
    this.label = label;
  }

  /** The name in reports: {@code r-x}, {@code rw-} or {@code rwx}. */
  public String label() {
    return label;
  }

  @Override
  public String toString() {
    return label;
  }
}
