package io.github.kexecsim.loader.error;

/** The error numbers that {@code kexec_file_load(2)} answers, with Linux's generic values. */
public enum Errno {
  EPERM(1),
  EIO(5),
  ENOEXEC(8),
  ENOMEM(12),
  EINVAL(22),
  EFBIG(27),
  EADDRNOTAVAIL(99),
  EKEYREJECTED(129);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  /** The positive number, as in {@code include/uapi/asm-generic/errno.h}. */
  public int number() {
    return number;
  }
}
