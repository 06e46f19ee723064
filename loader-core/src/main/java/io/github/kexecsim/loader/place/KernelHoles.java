package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.memory.Alignment;
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

  private static final long GIB = 1L << 30;
  private static final long INITRD_WINDOW = 32 * GIB;

  /** The largest page that either supports. */
  private static final long ELFCOREHDR_ALIGN = 64 << 10;

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

  /**
   * Adds what both architectures put behind the kernel alike: elfcorehdr as high as it fits, and
   * the initrd as low, within the 32 GiB from the kernel's own GiB on.
   *
   * @return the buffer that found no room, or empty when both did
   */
  static Optional<KexecBuf> addCoreAndInitrd(
      SegmentList list,
      PlacementRequest request,
      Optional<ElfCoreHeader> core,
      KexecSegment kernel) {
    long min = kernel.range().end();
    if (core.isPresent()) {
      KexecBuf buf = core.get().buffer(ELFCOREHDR_ALIGN, min, true);
      if (list.tryAdd(buf).isEmpty()) {
        return Optional.of(buf);
      }
    }
    if (request.initrd().isPresent()) {
      FileContent file = request.initrd().get();
      KexecBuf buf =
          KexecBuf.bottomUp(SegmentRole.INITRD, file.size(), file.size(), 0, min)
              .below(Alignment.down(kernel.mem(), GIB) + INITRD_WINDOW)
              .holding(file.content());
      if (list.tryAdd(buf).isEmpty()) {
        return Optional.of(buf);
      }
    }
    return Optional.empty();
  }
}
