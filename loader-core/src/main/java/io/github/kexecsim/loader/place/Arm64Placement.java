package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * arm64: {@code arch/arm64/kernel/kexec_image.c} and {@code machine_kexec_file.c,
 * load_other_segments} (v6.1, the same in v7.2). The kernel lies lowest; nothing else goes below
 * its end. There is no purgatory: the entry is the kernel.
 */
final class Arm64Placement extends Placement {
  private static final int HEADER_SIZE = 64;
  private static final int MAGIC = 0x38;
  private static final long MIN_KIMG_ALIGN = 2L << 20;
  private static final long DTB_ALIGN = 2L << 20;

  @Override
  public boolean handsDeviceTree() {
    return true;
  }

  @Override
  PlacedLoad load(PlacementRequest request) {
    OfferedFiles.checkKernel(request);
    ByteView header = probe(request.kernel());
    OfferedFiles.checkInitrd(request);
    long imageSize = header.u64le(16);
    if (imageSize == 0) {
      throw new KexecException(
          Reason.BAD_HEADER,
          "image_size at offset 0x10 is 0: an Image from before Linux 3.17, whose size in memory is"
              + " not known",
          "kexec-tools' kexec_load (kexec -c) places such kernels by a guess");
    }
    CpuChecks.arm64(header.u64le(24), request.machine().cpu());
    long textOffset = memory("text_offset", header.u64le(8));
    long memsz = memory("image_size", imageSize) + textOffset;

    SegmentList list = new SegmentList(request.machine(), request.type());
    KexecBuf kernel =
        KexecBuf.bottomUp(SegmentRole.KERNEL, request.kernel().size(), memsz, MIN_KIMG_ALIGN, 0)
            .holding(request.kernel().content());
    KexecSegment placed = KernelHoles.place(list, kernel, new Companions(request, list));

    // The segment began text_offset below the image, so that the alignment held there.
    KexecSegment image =
        new KexecSegment(
            SegmentRole.KERNEL,
            new PhysRange(placed.mem() + textOffset, placed.range().end()),
            placed.bufsz(),
            placed.content());
    list.replace(0, image);
    return new PlacedLoad(
        list.asList(), image.mem(), image.mem(), request.commandLine(), List.of(), List.of());
  }

  private static ByteView probe(FileContent kernel) {
    ByteView header = kernel.known();
    if (kernel.size() < HEADER_SIZE || !header.matches(MAGIC, "ARMd")) {
      throw notClaimed(Errno.EINVAL, "not an arm64 Image: \"ARM\\x64\" is not at offset 0x38");
    }
    return header;
  }

  private static final class Companions implements KernelHoles.Companions {
    private final PlacementRequest request;
    private final SegmentList list;
    private final Optional<ElfCoreHeader> core;

    /** The same wherever things lie, so that only trees that find room are made after the first. */
    private OptionalInt dtbSize = OptionalInt.empty();

    Companions(PlacementRequest request, SegmentList list) {
      this.request = request;
      this.list = list;
      this.core =
          request.type() == LoadType.CRASH
              ? Optional.of(ElfCoreHeader.of(request.machine()))
              : Optional.empty();
    }

    @Override
    public Optional<KexecBuf> addBeside(KexecSegment kernel) {
      Optional<KexecBuf> unplaced = KernelHoles.addCoreAndInitrd(list, request, core, kernel);
      return unplaced.isPresent() ? unplaced : addDtb(kernel.range().end());
    }

    private Optional<KexecBuf> addDtb(long min) {
      Optional<ByteView> dtb = Optional.empty();
      if (dtbSize.isEmpty()) {
        dtb = Optional.of(dtb());
        dtbSize = OptionalInt.of(dtb.get().size());
      }
      int size = dtbSize.getAsInt();
      KexecBuf buf = KexecBuf.topDown(SegmentRole.DTB, size, size, DTB_ALIGN, min).holding(dtb);
      Optional<KexecSegment> placed = list.tryAdd(buf);
      if (placed.isEmpty()) {
        return Optional.of(buf);
      }
      if (dtb.isEmpty()) {
        list.replace(list.count() - 1, placed.get().holding(dtb()));
      }
      return Optional.empty();
    }

    private ByteView dtb() {
      return HandedDeviceTree.of(
              request,
              request.commandLine(),
              list.withRole(SegmentRole.INITRD),
              list.withRole(SegmentRole.ELFCOREHDR))
          .bytes();
    }
  }
}
