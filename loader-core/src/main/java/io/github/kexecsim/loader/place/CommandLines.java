package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.nio.charset.StandardCharsets;

/** What loaders put in front of a command line. */
final class CommandLines {
  /** {@code COMMAND_LINE_SIZE} of riscv64. */
  private static final int RISCV_COMMAND_LINE_SIZE = 1024;

  private CommandLines() {}

  /** {@code setup_kdump_cmdline} of {@code arch/riscv/kernel/machine_kexec_file.c} (v7.2). */
  static String withElfcorehdr(long elfcorehdr, String commandLine) {
    String prefix = elfcorehdrPrefix(elfcorehdr);
    checkSize(prefix, commandLine, RISCV_COMMAND_LINE_SIZE);
    return prefix + commandLine;
  }

  static String elfcorehdrPrefix(long elfcorehdr) {
    return "elfcorehdr=0x" + Long.toHexString(elfcorehdr) + " ";
  }

  /** How many bytes a command line has in memory, without its NUL. */
  static int length(String commandLine) {
    return bytes(commandLine).length;
  }

  /** A command line as it lies in memory, without its NUL. */
  static byte[] bytes(String commandLine) {
    return commandLine.getBytes(StandardCharsets.UTF_8);
  }

  /** Refuses a line that, with its prefix and NUL, is longer than {@code size} bytes. */
  static void checkSize(String prefix, String commandLine, int size) {
    long length = (long) prefix.length() + length(commandLine) + 1;
    if (length > size) {
      throw new KexecException(
          Reason.COMMAND_LINE_TOO_LONG,
          "with \""
              + prefix.strip()
              + "\" in front, the command line takes "
              + length
              + " bytes of "
              + size,
          "shorten the command line by " + (length - size) + " bytes");
    }
  }
}
