package io.github.kexecsim.loader.error;

import java.util.Locale;

/**
 * Why input was refused. Finer than errno: several faults that the kernel answers with one number
 * each have a reason of their own here.
 */
public enum Reason {
  /** No format in the probe table claims these bytes. */
  UNKNOWN_FORMAT(Errno.ENOEXEC),
  /** A structure ends beyond the bytes that are there. */
  TRUNCATED(Errno.EINVAL),
  /** A header field has a value that its format forbids. */
  BAD_HEADER(Errno.EINVAL),
  /** The format is known, and kexec_file_load does not load it. */
  UNSUPPORTED_IMAGE(Errno.EINVAL),
  /** The image is for another architecture than the machine. */
  WRONG_ARCHITECTURE(Errno.EINVAL),
  /** The CPU cannot run the image's page size or endianness. */
  CPU_CANNOT_RUN(Errno.EINVAL),
  /** The strategy asked for does not load such an image, or not on such a machine. */
  UNSUPPORTED_STRATEGY(Errno.EINVAL),
  /** The image's header names a decompressor that is not known. */
  UNKNOWN_METHOD(Errno.EINVAL),
  /** The compressed payload does not decode. */
  CORRUPT_PAYLOAD(Errno.EINVAL),
  /** The payload decodes to more or fewer bytes than were declared. */
  SIZE_MISMATCH(Errno.EINVAL),
  /** A file is larger than kexec_file_load reads. */
  FILE_TOO_LARGE(Errno.EFBIG),
  /** A size is above a limit that the caller set. */
  LIMIT_EXCEEDED(Errno.EFBIG),
  /** A description of memory contradicts itself or cannot be read. */
  BAD_MEMORY_MAP(Errno.EINVAL),
  /** /proc/iomem was read without privilege: every address is zero. */
  UNPRIVILEGED_IOMEM(Errno.EPERM),
  /** A machine description lacks what this load needs. */
  INCOMPLETE_MACHINE(Errno.EINVAL),
  /** A flattened device tree is malformed. */
  BAD_DEVICE_TREE(Errno.EINVAL),
  /** The command line is longer than the image takes. */
  COMMAND_LINE_TOO_LONG(Errno.EINVAL),
  /** No hole in memory takes the segment. */
  NO_ROOM(Errno.EADDRNOTAVAIL),
  /** The running kernel has too few free pages to hold the load until it is started. */
  NO_MEMORY(Errno.ENOMEM),
  /** A crash load was asked of a machine without a crash kernel region. */
  NO_CRASH_REGION(Errno.EADDRNOTAVAIL),
  /** A segment breaks a rule of the segment list (overlap, alignment, bufsz above memsz). */
  BAD_SEGMENT(Errno.EINVAL),
  /** A segment, or all together, is above half of the machine's memory. */
  TOO_LARGE_FOR_MEMORY(Errno.EINVAL),
  /** A crash segment lies outside the crash kernel region. */
  OUTSIDE_CRASH_REGION(Errno.EADDRNOTAVAIL),
  /** The UKI has no profile of that number or ID. */
  NO_SUCH_PROFILE(Errno.EINVAL),
  /** A recorded load, or another file of ours, does not have the shape of its format. */
  BAD_RECORD(Errno.EINVAL),
  /** No machine that QEMU emulates is the one that the plan is for. */
  NOT_EMULATED(Errno.EINVAL),
  /** The calling thread was interrupted. */
  INTERRUPTED(Errno.EIO);

  private final Errno errno;

  Reason(Errno errno) {
    this.errno = errno;
  }

  /** What the kernel answers for this fault, unless the architecture's own answer differs. */
  public Errno errno() {
    return errno;
  }

  /**
   * Whether it is a kernel that refuses so. The others are faults of a description, or limits of
   * ours, which no kernel ever sees; their errno is the nearest.
   */
  public boolean isKernels() {
    return switch (this) {
      case LIMIT_EXCEEDED,
          BAD_MEMORY_MAP,
          UNPRIVILEGED_IOMEM,
          INCOMPLETE_MACHINE,
          NO_SUCH_PROFILE,
          BAD_RECORD,
          NOT_EMULATED,
          INTERRUPTED ->
          false;
      default -> true;
    };
  }

  /** The name as JSON shows it: lower case, with hyphens. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
