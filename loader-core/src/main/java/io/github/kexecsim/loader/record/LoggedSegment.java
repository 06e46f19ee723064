package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.place.KexecSegment;

/**
 * A segment as a debug log prints it, which does not say what it holds.
 *
 * @param mem the physical address of its first byte
 * @param memsz its size in memory, in bytes
 * @param bufsz how many bytes were copied in
 */
public record LoggedSegment(long mem, long memsz, long bufsz) {
  static LoggedSegment of(KexecSegment planned) {
    return new LoggedSegment(planned.mem(), planned.memsz(), planned.bufsz());
  }

  @Override
  public String toString() {
    return String.format("mem 0x%x memsz 0x%x bufsz 0x%x", mem, memsz, bufsz);
  }
}
