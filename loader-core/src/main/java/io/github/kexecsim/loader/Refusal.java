package io.github.kexecsim.loader;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/**
 * Why a load is refused.
 *
 * @param reason which fault
 * @param errno what the kernel answers
 * @param message what was found, what was expected and where
 * @param hint what to do next, or empty
 */
public record Refusal(Reason reason, Errno errno, String message, String hint) {
  /** The refusal that an exception carries. */
  public static Refusal of(KexecException e) {
    return new Refusal(e.reason(), e.errno(), e.getMessage(), e.hint());
  }
}
