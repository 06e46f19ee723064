package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.place.SegmentRole;

/**
 * A segment as a real kernel placed it.
 *
 * @param role what it holds
 * @param mem the physical address of its first byte
 * @param memsz its size in memory, in bytes
 * @param bufsz how many bytes were copied in
 */
public record RecordedSegment(SegmentRole role, long mem, long memsz, long bufsz) {
  @Override
  public String toString() {
    return String.format("%s mem 0x%x memsz 0x%x bufsz 0x%x", role, mem, memsz, bufsz);
  }
}
