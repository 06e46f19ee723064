package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import java.util.List;
import java.util.Optional;

/**
 * A kernel that goes to the lowest hole in which what belongs to it finds room too: the retry of
 * {@code arch/arm64/kernel/kexec_image.c, image_load} and of loongarch64's {@code efi_kexec_load}
 * (v7.2).
 */
final class KernelHoles {
  /** Places what belongs to a kernel that lies at {@code kernel}. */
  interface Companions {
    /**
     * Adds them to the list.
     *
     * @return the buffer that found no room, or empty when all did
     */
    Optional<KexecBuf> addBeside(KexecSegment kernel);
  }

  private KernelHoles() {}

  /**
   * Places the kernel and its companions.
   *
   * @throws KexecException what hindered the first attempt, as the later ones are its consequence;
   *     always with EADDRNOTAVAIL, as the kernel ends every failure beside it by trying the next
   *     hole until there is none
   */
  static KexecSegment place(SegmentList list, KexecBuf kernel, Companions companions) {
    int before = list.count();
    Optional<KexecBuf> firstUnplaced = Optional.empty();
    List<KexecSegment> besideIt = List.of();
    KexecBuf wanted = kernel;
    while (true) {
      Optional<KexecSegment> placed = list.tryAdd(wanted);
      if (placed.isEmpty()) {
        throw list.noRoom(firstUnplaced.orElse(wanted), besideIt);
      }
      Optional<KexecBuf> unplaced;
      try {
        unplaced = companions.addBeside(placed.get());
      } catch (KexecException e) {
        throw new KexecException(e.reason(), Errno.EADDRNOTAVAIL, e.getMessage(), e.hint(), e);
      }
      if (unplaced.isEmpty()) {
        return placed.get();
      }
      if (firstUnplaced.isEmpty()) {
        firstUnplaced = unplaced;
        besideIt = List.copyOf(list.asList());
      }
      list.undoTo(before);
      wanted = kernel.above(placed.get().range().end());
    }
  }
}
