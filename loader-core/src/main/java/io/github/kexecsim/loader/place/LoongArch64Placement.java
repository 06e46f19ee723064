package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;

/**
 * loongarch64: {@code arch/loongarch/kernel/kexec_efi.c} and {@code machine_kexec_file.c,
 * load_other_segments} (v6.18 on). The initrd, the crash region and elfcorehdr are told on the
 * command line; there is neither a device tree nor a purgatory.
 */
final class LoongArch64Placement extends Placement {
  private static final int HEADER_SIZE = 64;
  private static final long KERNEL_ALIGN = 2L << 20;
  private static final int COMMAND_LINE_SIZE = 4096;

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
          "kernel_asize at offset 0x10 is 0",
          "the file is not a loongarch64 Image, or is wrapped: \"inspect\" shows what it is");
    }
    long textOffset = memory("text_offset", header.u64le(24));
    SegmentList list = new SegmentList(machine, request.type());
    KexecBuf buf =
        KexecBuf.bottomUp(
                SegmentRole.KERNEL,
                request.kernel().size(),
                memory("kernel_asize", header.u64le(16)),
                KERNEL_ALIGN,
                textOffset)
            .holding(request.kernel().content());
    Optional<ElfCoreHeader> core =
        request.type() == LoadType.CRASH
            ? Optional.of(ElfCoreHeader.of(machine))
            : Optional.empty();
    KexecSegment kernel = KernelHoles.place(list, buf, k -> addCompanions(request, list, k, core));
    String commandLine = prefix(machine, list.asList()) + request.commandLine();
    long entry = kernel.mem() + header.u64le(8) - textOffset;
    return new PlacedLoad(list.asList(), entry, entry, commandLine, List.of(), List.of());
  }

  private static ByteView probe(Machine machine, FileContent kernel) {
    if (!KernelDifference.LOONGARCH_KEXEC_FILE.in(machine.kernelVersion())) {
      throw notClaimed(
          Errno.ENOEXEC,
          "Linux "
              + machine.kernelVersion()
              + " has no kexec_file_load on loongarch64; it came with "
              + KernelDifference.LOONGARCH_KEXEC_FILE.since());
    }
    // The ELF loader is asked last, and its answer is the one that remains.
    if (kernel.size() < HEADER_SIZE || !kernel.known().matches(0, "MZ")) {
      throw notClaimed(Errno.ENOEXEC, "not a loongarch64 Image: \"MZ\" is not at offset 0");
    }
    return kernel.known();
  }

  private static Optional<KexecBuf> addCompanions(
      PlacementRequest request,
      SegmentList list,
      KexecSegment kernel,
      Optional<ElfCoreHeader> core) {
    Optional<KexecBuf> unplaced = KernelHoles.addCoreAndInitrd(list, request, core, kernel);
    if (unplaced.isPresent()) {
      return unplaced;
    }
    String prefix = prefix(request.machine(), list.asList());
    CommandLines.checkSize(prefix, request.commandLine(), COMMAND_LINE_SIZE);
    return Optional.empty();
  }

  private static String prefix(Machine machine, List<KexecSegment> segments) {
    StringBuilder prefix = new StringBuilder("kexec_file ");
    for (KexecSegment segment : segments) {
      if (segment.role() == SegmentRole.ELFCOREHDR) {
        machine.crashRegion().ifPresent(region -> appendMem(prefix, region));
        machine.lowCrashRegion().ifPresent(region -> appendMem(prefix, region));
        prefix.append(String.format("elfcorehdr=0x%x@0x%x ", segment.bufsz(), segment.mem()));
      }
      if (segment.role() == SegmentRole.INITRD) {
        prefix.append(String.format("initrd=0x%x,0x%x ", segment.mem(), segment.bufsz()));
      }
    }
    return prefix.toString();
  }

  private static void appendMem(StringBuilder prefix, PhysRange region) {
    prefix.append(String.format("mem=0x%x@0x%x ", region.size(), region.start()));
  }
}
