package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.Purgatory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * riscv64: {@code arch/riscv/kernel/kexec_image.c} and {@code machine_kexec_file.c,
 * load_extra_segments} (v6.16 on). The kernel lies lowest, all else as high as it fits; the entry
 * is the purgatory's. The upper bound of those, the end of low memory, is the end of memory on a
 * 64-bit kernel.
 */
final class Riscv64Placement extends Placement {
  private static final int HEADER_SIZE = 64;

  /** The first header version whose magic2 is checked: 0.2. */
  private static final long VERSION_WITH_MAGIC2 = 2;

  @Override
  public boolean handsDeviceTree() {
    return true;
  }

  @Override
  PlacedLoad load(PlacementRequest request) {
    Machine machine = request.machine();
    OfferedFiles.checkKernel(request);
    refuseElf(request.kernel());
    ByteView header = probe(machine, request.kernel());
    OfferedFiles.checkInitrd(request);
    if (header.u64le(16) == 0) {
      throw new KexecException(
          Reason.BAD_HEADER,
          "image_size at offset 0x10 is 0",
          "the file is not a riscv64 Image, or is wrapped: \"inspect\" shows what it is");
    }
    if ((header.u64le(24) & 1) != 0) {
      throw new KexecException(
          Reason.CPU_CANNOT_RUN,
          "the image is big-endian (flags bit 0 at offset 0x18) and the kernel is little-endian",
          "use a little-endian kernel");
    }
    long align = memory("text_offset", header.u64le(8));
    SegmentList list = new SegmentList(machine, request.type());
    KexecSegment kernel =
        list.add(
            KexecBuf.bottomUp(
                    SegmentRole.KERNEL,
                    request.kernel().size(),
                    memory("image_size", header.u64le(16)),
                    align,
                    0)
                .holding(request.kernel().content()));
    long min = kernel.range().end();

    String commandLine = request.commandLine();
    Optional<KexecSegment> elfcorehdr = Optional.empty();
    if (request.type() == LoadType.CRASH) {
      KexecSegment placed =
          list.add(ElfCoreHeader.of(machine).buffer(machine.pageSize(), min, true));
      elfcorehdr = Optional.of(placed);
      commandLine = CommandLines.withElfcorehdr(placed.mem(), commandLine);
    }
    Purgatory build = machine.purgatory();
    KexecSegment purgatory =
        list.add(KexecBuf.topDown(SegmentRole.PURGATORY, build.bufsz(), build.memsz(), 0, min));
    Optional<KexecSegment> initrd = Optional.empty();
    if (request.initrd().isPresent()) {
      FileContent file = request.initrd().get();
      initrd =
          Optional.of(
              list.add(
                  KexecBuf.topDown(SegmentRole.INITRD, file.size(), file.size(), 0, min)
                      .holding(file.content())));
    }
    ByteView dtb = HandedDeviceTree.of(request, commandLine, initrd, elfcorehdr).bytes();
    list.add(
        KexecBuf.topDown(SegmentRole.DTB, dtb.size(), dtb.size(), 0, min)
            .holding(Optional.of(dtb)));
    return new PlacedLoad(
        list.asList(),
        purgatory.mem() + build.entryOffset(),
        kernel.mem(),
        commandLine,
        List.of(),
        warnings(header));
  }

  private static ByteView probe(Machine machine, FileContent kernel) {
    if (!KernelDifference.RISCV_RAW_IMAGE.in(machine.kernelVersion())) {
      throw notClaimed(
          Errno.ENOEXEC,
          "kexec_file_load of Linux "
              + machine.kernelVersion()
              + " on riscv64 takes only an ELF vmlinux; raw Images are loaded since "
              + KernelDifference.RISCV_RAW_IMAGE.since());
    }
    ByteView header = kernel.known();
    if (kernel.size() < HEADER_SIZE) {
      throw notClaimed(Errno.EINVAL, "shorter than the 64 bytes of an Image header");
    }
    if (header.u32le(32) >= VERSION_WITH_MAGIC2 && !header.matches(0x38, "RSC\u0005")) {
      throw notClaimed(Errno.EINVAL, "not a riscv64 Image: \"RSC\\x05\" is not at offset 0x38");
    }
    return header;
  }

  /** The probe takes anything whose header version is below 0.2, and so an arm64 Image. */
  private static List<String> warnings(ByteView header) {
    List<String> warnings = new ArrayList<>();
    if (!header.matches(0x38, "RSC\u0005")) {
      warnings.add(
          header.matches(0x38, "ARMd")
              ? "the riscv64 kernel accepts this arm64 Image, and no CPU of that machine runs it"
              : "the riscv64 kernel accepts this file, which does not carry the magic of a riscv64"
                  + " Image");
    }
    return warnings;
  }
}
