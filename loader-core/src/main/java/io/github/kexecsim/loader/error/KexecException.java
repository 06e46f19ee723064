package io.github.kexecsim.loader.error;

import java.util.Objects;

/**
 * What bad input causes, and nothing else: a caller's mistake is an {@link
 * IllegalArgumentException}. The message says what was found, what was expected and where; the hint
 * says what to do next.
 */
public final class KexecException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final Errno errno;
  private final String hint;

  /** A refusal with the errno that belongs to {@code reason} and no hint. */
  public KexecException(Reason reason, String message) {
    this(reason, reason.errno(), message, "", null);
  }

  /** A refusal with the errno that belongs to {@code reason}. */
  public KexecException(Reason reason, String message, String hint) {
    this(reason, reason.errno(), message, hint, null);
  }

  /**
   * A refusal.
   *
   * @param reason which fault
   * @param errno the kernel's answer, where the architecture's differs from {@code reason.errno()}
   * @param message found, expected and where
   * @param hint the next step, or empty
   * @param cause the library's exception, or null
   */
  public KexecException(Reason reason, Errno errno, String message, String hint, Throwable cause) {
    super(message, cause);
    this.reason = Objects.requireNonNull(reason);
    this.errno = Objects.requireNonNull(errno);
    this.hint = Objects.requireNonNull(hint);
  }

  public Reason reason() {
    return reason;
  }

  public Errno errno() {
    return errno;
  }

  /** What to do next, or empty. */
  public String hint() {
    return hint;
  }
}
