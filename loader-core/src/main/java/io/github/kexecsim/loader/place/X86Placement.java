package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.Purgatory;
import io.github.kexecsim.loader.memory.E820Entry;
import java.util.List;
import java.util.Optional;

/**
 * x86_64: {@code arch/x86/kernel/kexec-bzimage64.c, bzImage64_probe} and {@code bzImage64_load}
 * (v6.1; the differences up to v7.2 by {@link KernelDifference}). Everything goes as high as it
 * fits, elfcorehdr alone as low; the entry is the purgatory's.
 */
final class X86Placement extends Placement {
  private static final int SECTOR = 512;

  /** Up to the end of {@code init_size}: what placement reads. */
  private static final int HEADER_SIZE = 0x264;

  private static final long MIN_PURGATORY_ADDR = 0x3000;
  private static final long MIN_BOOTPARAM_ADDR = 0x3000;
  private static final long MIN_KERNEL_LOAD_ADDR = 0x100000;
  private static final long MIN_INITRD_LOAD_ADDR = 0x1000000;

  /** {@code MAX_ELFCOREHDR_STR_LEN}: kept free in front of every command line. */
  static final int ELFCOREHDR_RESERVE = 30;

  /** Where in the bzImage's protected-mode part the 64-bit entry is. */
  private static final long ENTRY_64 = 0x200;

  @Override
  public boolean loads(KernelImage image) {
    return image instanceof BzImage;
  }

  @Override
  PlacedLoad load(PlacementRequest request) {
    Machine machine = request.machine();
    OfferedFiles.checkKernel(request);
    ByteView header = probe(machine, request.kernel());
    OfferedFiles.checkInitrd(request);
    long setupSize = setupSize(header, request.kernel().size());
    int commandLineLength = commandLineLength(header, request.commandLine());

    SegmentList list = new SegmentList(machine, request.type());
    Optional<KexecSegment> elfcorehdr = Optional.empty();
    long elfcorehdrSize = 0;
    if (request.type() == LoadType.CRASH) {
      ElfCoreHeader core = ElfCoreHeader.of(machine);
      elfcorehdrSize = core.memsz();
      elfcorehdr = Optional.of(list.add(core.buffer(machine.pageSize(), 0, false)));
    }
    Purgatory build = machine.purgatory();
    KexecSegment purgatory =
        list.add(
            KexecBuf.topDown(
                SegmentRole.PURGATORY, build.bufsz(), build.memsz(), 0, MIN_PURGATORY_ADDR));

    long paramsSize = BootParams.size(commandLineLength, machine.efiRuntimeMapSize());
    int paramsIndex = list.count();
    KexecSegment params =
        list.add(
            KexecBuf.topDown(
                SegmentRole.BOOT_PARAMS, paramsSize, paramsSize, 16, MIN_BOOTPARAM_ADDR));

    KexecSegment kernel = list.add(kernelBuf(machine, header, request.kernel(), setupSize));
    Optional<KexecSegment> initrd = Optional.empty();
    if (request.initrd().isPresent()) {
      FileContent file = request.initrd().get();
      initrd =
          Optional.of(
              list.add(
                  KexecBuf.topDown(
                          SegmentRole.INITRD, file.size(), file.size(), 0, MIN_INITRD_LOAD_ADDR)
                      .holding(file.content())));
    }

    String commandLine =
        elfcorehdr.map(segment -> CommandLines.elfcorehdrPrefix(segment.mem())).orElse("")
            + request.commandLine();
    List<E820Entry> e820 =
        elfcorehdr.isPresent()
            ? CrashE820.of(machine, elfcorehdr.get().mem(), elfcorehdrSize)
            : BootParams.handedOver(machine.e820());
    ByteView content =
        new BootParams(header, params, commandLine, initrd, e820, request.seed()).bytes();
    list.replace(paramsIndex, params.holding(content));
    return new PlacedLoad(
        list.asList(),
        purgatory.mem() + build.entryOffset(),
        kernel.mem() + ENTRY_64,
        commandLine,
        e820,
        List.of());
  }

  private static ByteView probe(Machine machine, FileContent kernel) {
    ByteView header = kernel.known();
    if (kernel.size() < 2 * SECTOR) {
      throw refused("only " + kernel.size() + " bytes: a bzImage has at least two sectors");
    }
    if (!header.matches(0x202, "HdrS")) {
      throw refused("not a bzImage: \"HdrS\" is not at offset 0x202");
    }
    if (header.u16le(0x1fe) != 0xaa55) {
      throw refused("no x86 boot sector: 0xaa55 is not at offset 0x1fe");
    }
    if (header.u16le(0x206) < 0x020c) {
      throw refused(
          String.format(
              "boot protocol 0x%x at offset 0x206; it must be 0x20c (2.12) at least",
              header.u16le(0x206)));
    }
    if ((header.u8(0x211) & 1) == 0) {
      throw refused("a zImage, not a bzImage: loadflags at offset 0x211 lack LOADED_HIGH");
    }
    int xloadflags = header.u16le(0x236);
    if ((xloadflags & 1) == 0) {
      throw refused("no 64-bit entry: xloadflags at offset 0x236 lack XLF_KERNEL_64");
    }
    if ((xloadflags & 2) == 0) {
      throw refused(
          "not loadable above 4 GiB: xloadflags at offset 0x236 lack XLF_CAN_BE_LOADED_ABOVE_4G");
    }
    if ((xloadflags & 0x20) == 0 && machine.cpu().fiveLevelPaging()) {
      throw refused(
          "the running kernel uses 5-level page tables, and xloadflags at offset 0x236 lack"
              + " XLF_5LEVEL");
    }
    return header.slice(0, Math.max(HEADER_SIZE, Math.min(header.size(), 0x1000)));
  }

  private static KexecException refused(String found) {
    return notClaimed(Errno.ENOEXEC, found);
  }

  private static long setupSize(ByteView header, long fileSize) {
    int sectors = header.u8(0x1f1);
    long size = ((sectors == 0 ? 4 : sectors) + 1L) * SECTOR;
    if (fileSize < size) {
      throw new KexecException(
          Reason.TRUNCATED,
          Errno.ENOEXEC,
          String.format(
              "the file has 0x%x bytes, and its setup code alone takes 0x%x (setup_sects at offset"
                  + " 0x1f1)",
              fileSize, size),
          "the file may be cut short: compare its size with the original's",
          null);
    }
    return size;
  }

  /** The length that the system call is told: with the NUL, and 0 for no command line. */
  private static int commandLineLength(ByteView header, String commandLine) {
    int length = commandLine.isEmpty() ? 0 : CommandLines.length(commandLine) + 1;
    long limit = header.u32le(0x238);
    if (length + ELFCOREHDR_RESERVE > limit) {
      throw new KexecException(
          Reason.COMMAND_LINE_TOO_LONG,
          "the command line takes "
              + length
              + " bytes, and the kernel keeps "
              + ELFCOREHDR_RESERVE
              + " of the image's "
              + limit
              + " (cmdline_size at offset 0x238)",
          "shorten the command line by " + (length + ELFCOREHDR_RESERVE - limit) + " bytes");
    }
    return length;
  }

  private static KexecBuf kernelBuf(
      Machine machine, ByteView header, FileContent kernel, long setupSize) {
    long align = header.u32le(0x230);
    if (Long.bitCount(align) > 1) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("kernel_alignment at offset 0x230 is 0x%x: not a power of two", align),
          "the image's header is damaged");
    }
    long min = MIN_KERNEL_LOAD_ADDR;
    if (KernelDifference.X86_KERNEL_ABOVE_PREF_ADDRESS.in(machine.kernelVersion())) {
      min = Math.max(min, memory("pref_address", header.u64le(0x258)));
    }
    return KexecBuf.topDown(
            SegmentRole.KERNEL, kernel.size() - setupSize, header.u32le(0x260), align, min)
        .holding(kernel.content().map(whole -> whole.from(setupSize)));
  }
}
