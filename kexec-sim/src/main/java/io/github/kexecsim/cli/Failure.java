package io.github.kexecsim.cli;

import io.github.kexecsim.loader.error.KexecException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Ends the command: the message becomes its one line on standard error. */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ExitStatus status;

  private Failure(ExitStatus status, String message, Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  static Failure usage(String message) {
    return new Failure(ExitStatus.USAGE, message, null);
  }

  static Failure file(String message) {
    return new Failure(ExitStatus.FILE, message, null);
  }

  /**
   * A file that cannot be used.
   *
   * @param action what was tried, as in {@code cannot read FILE}
   */
  static Failure file(String action, IOException cause) {
    return new Failure(ExitStatus.FILE, action + ": " + describe(cause), cause);
  }

  /** The answer no. */
  static Failure no(String message) {
    return new Failure(ExitStatus.NO, message, null);
  }

  /** The answer no, about the whole of what was given. */
  static Failure refused(KexecException e) {
    return new Failure(ExitStatus.NO, inWords(e), e);
  }

  /** The answer no, about a file. */
  static Failure refused(String file, KexecException e) {
    return new Failure(ExitStatus.NO, file + ": " + inWords(e), e);
  }

  /** A file that was read, and is not what it ought to be. */
  static Failure unusable(String file, KexecException e) {
    String message = "cannot use " + file + ": " + inWords(e);
    return new Failure(ExitStatus.FILE, message, e);
  }

  /** What was found, and behind a semicolon what to do next. */
  static String inWords(KexecException e) {
    return e.hint().isEmpty() ? e.getMessage() : e.getMessage() + "; " + e.hint();
  }

  private static String describe(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NotDirectoryException) {
      return "not a directory";
    }
    if (e instanceof FileSystemException detailed && detailed.getReason() != null) {
      return detailed.getReason();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  ExitStatus status() {
    return status;
  }
}
