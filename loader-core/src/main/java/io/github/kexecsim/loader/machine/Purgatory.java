package io.github.kexecsim.loader.machine;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;

/**
 * The purgatory that the running kernel has built in: what of it decides where things go. It
 * differs from build to build.
 *
 * @param bufsz its bytes
 * @param memsz what it takes in memory, with its .bss
 * @param entryOffset where in it execution begins ({@code purgatory_start})
 */
public record Purgatory(long bufsz, long memsz, long entryOffset) {
  public Purgatory {
    if (bufsz < 0 || memsz < bufsz || memsz > 1 << 24 || entryOffset < 0 || entryOffset > memsz) {
      throw new KexecException(
          Reason.INCOMPLETE_MACHINE,
          String.format(
              "not a purgatory: bufsz 0x%x, memsz 0x%x, entry_offset 0x%x",
              bufsz, memsz, entryOffset),
          "bufsz is at most memsz, and the entry lies inside");
    }
  }
}
