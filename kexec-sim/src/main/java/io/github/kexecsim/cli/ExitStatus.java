package io.github.kexecsim.cli;

/** How the command ends. */
enum ExitStatus {
  /** Done, and where a question was asked the answer is yes. */
  DONE(0),
  /** The answer is no: a rejected image, no room, a replay that differs. */
  NO(1),
  /** The command line is wrong. */
  USAGE(2),
  /** A file could not be read or written. */
  FILE(3),
  /** A defect of this program: {@code EX_SOFTWARE} of {@code sysexits.h}. */
  DEFECT(70);

  private final int number;

  ExitStatus(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }
}
