package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/**
 * What kexec_file_load asks of the files it reads, whatever is in them: {@code
 * fs/kernel_read_file.c} and {@code kernel/kexec_file.c, kimage_file_prepare_segments} (v6.1). The
 * initrd is read only when the kernel was probed.
 */
final class OfferedFiles {
  /** {@code KEXEC_FILE_SIZE_MAX}. */
  private static final long MAX_SIZE = 4L << 30;

  private OfferedFiles() {}

  static void checkKernel(PlacementRequest request) {
    check("kernel", request.kernel());
  }

  static void checkInitrd(PlacementRequest request) {
    request.initrd().ifPresent(file -> check("initrd", file));
  }

  private static void check(String what, FileContent file) {
    if (file.size() == 0) {
      throw new KexecException(
          Reason.TRUNCATED,
          "the " + what + " is an empty file",
          "compare its size with the original's; leave out an initrd that is not wanted");
    }
    if (file.size() > MAX_SIZE) {
      throw new KexecException(
          Reason.FILE_TOO_LARGE,
          "the "
              + what
              + " has "
              + Amount.of(file.size())
              + "; kexec_file_load reads at most "
              + Amount.of(MAX_SIZE),
          "use a smaller file");
    }
  }
}
