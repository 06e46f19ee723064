package io.github.kexecsim.loader;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Objects;

/**
 * Why a load is refused: a {@link KexecException} that was caught, as data.
 *
 * @param cause what was thrown, with the stack that it came from
 */
public record Refusal(KexecException cause) {
  public Refusal {
    Objects.requireNonNull(cause);
  }

  /** Which fault. */
  public Reason reason() {
    return cause.reason();
  }

  /** What the kernel answers. */
  public Errno errno() {
    return cause.errno();
  }

  /** What was found, what was expected and where. */
  public String message() {
    return cause.getMessage();
  }

  /** What to do next, or empty. */
  public String hint() {
    return cause.hint();
  }
}
