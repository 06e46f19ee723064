package io.github.kexecsim.loader.report;

import java.util.Locale;

/** How much a {@link Finding} matters. */
public enum Severity {
  /** Something will not work, somewhere: the image wants to be built anew. */
  DEFECT,
  /** Odd, or good to know; it works. */
  WARNING;

  /** The name as JSON shows it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
