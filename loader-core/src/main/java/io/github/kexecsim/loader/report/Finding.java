package io.github.kexecsim.loader.report;

import java.util.Objects;

/**
 * What is wrong or odd about a file that could be read all the same.
 *
 * @param flaw which kind of thing it is
 * @param message what was found and where, printable; addresses in hexadecimal
 * @param remedy what to change; empty where there is nothing to do
 */
public record Finding(Flaw flaw, String message, String remedy) {
  public Finding {
    Objects.requireNonNull(flaw);
    Objects.requireNonNull(message);
    Objects.requireNonNull(remedy);
  }

  /** A finding whose message says all. */
  public static Finding of(Flaw flaw, String message) {
    return new Finding(flaw, message, "");
  }

  /** Whether something will not work. */
  public boolean isDefect() {
    return flaw.severity() == Severity.DEFECT;
  }
}
