package io.github.kexecsim.model.sim;

import io.github.kexecsim.model.kimage.KimageEntry;
import io.github.kexecsim.model.sim.LastCpu.Stopped;

/**
 * The loop that x86_64, riscv64 and loongarch64 share: the flags are looked at in the order
 * destination, indirection, done, source, and a word with none of them is passed over.
 */
final class ListWalk {
  private ListWalk() {}

  /**
   * Copies what the list says.
   *
   * @param first the first entry, from a register
   * @param pageMask what is left of an entry as an address, after its own flag was cleared
   */
  static void run(LastCpu cpu, long first, long pageMask) throws Stopped {
    long next = 0;
    long destination = 0;
    cpu.countEntry();
    for (long entry = first; ; entry = cpu.readEntry(next), next += Long.BYTES) {
      if ((entry & KimageEntry.DESTINATION) != 0) {
        destination = entry & ~KimageEntry.DESTINATION & pageMask;
      } else if ((entry & KimageEntry.INDIRECTION) != 0) {
        next = entry & ~KimageEntry.INDIRECTION & pageMask;
      } else if ((entry & KimageEntry.DONE) != 0) {
        return;
      } else if ((entry & KimageEntry.SOURCE) != 0) {
        cpu.copyPage(destination, entry & ~KimageEntry.SOURCE & pageMask);
        destination += cpu.memory().pageSize();
      }
    }
  }
}
