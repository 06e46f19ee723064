package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.image.X86Image;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.x86.KaslrDraw;
import io.github.kexecsim.loader.x86.X86Start;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * x86_64: {@code arch/x86/kernel/kexec-bzimage64.c, bzImage64_probe} and {@code bzImage64_load}
 * (v6.1; the differences up to v7.2 by {@link KernelDifference}). Everything goes as high as it
 * fits, elfcorehdr alone as low; the entry is the purgatory's.
 */
final class X86Placement extends Placement {
  private static final int SECTOR = 512;

  /** Up to the end of {@code init_size}: what placement reads. */
  private static final int HEADER_SIZE = 0x264;

  private static final long MIN_KERNEL_LOAD_ADDR = 0x100000;
  private static final int XLF_5LEVEL_ENABLED = 0x40;

  /** {@code MAX_ELFCOREHDR_STR_LEN}: kept free in front of every command line. */
  static final int ELFCOREHDR_RESERVE = 30;

  /** Where in the bzImage's protected-mode part the 64-bit entry is. */
  private static final long ENTRY_64 = 0x200;

  @Override
  public boolean loads(KernelImage image) {
    return image instanceof BzImage || image instanceof X86Image;
  }

  @Override
  PlacedLoad load(PlacementRequest request) {
    Machine machine = request.machine();
    OfferedFiles.checkKernel(request);
    if (X86ImagePlacement.claims(request.kernel())) {
      return new X86ImagePlacement(request).place();
    }
    ByteView header = probe(machine, request.kernel());
    OfferedFiles.checkInitrd(request);
    long setupSize = setupSize(header, request.kernel().size());
    int commandLineLength = commandLineLength(header, request.commandLine());

    SegmentList list = new SegmentList(machine, request.type());
    X86Surroundings around = X86Surroundings.place(request, list, commandLineLength);
    KexecSegment kernel = list.add(kernelBuf(machine, header, request.kernel(), setupSize));
    around.finish(header, false);
    boolean builtIn = (header.u16le(0x236) & XLF_5LEVEL_ENABLED) != 0;
    return new PlacedLoad(
        list.asList(),
        around.entry(),
        kernel.mem() + ENTRY_64,
        around.commandLine(),
        around.e820(),
        List.of(),
        Optional.of(
            X86Start.ofDecompressor(
                around.paging(builtIn),
                KaslrDraw.of(request.seed()),
                payloadStart(request.kernel()))));
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

  private static OptionalLong payloadStart(FileContent kernel) {
    try {
      return kernel
          .content()
          .map(whole -> BzImage.parse(whole, whole.size()).inPlaceStart(whole))
          .orElse(OptionalLong.empty());
    } catch (KexecException e) {
      // The kernel loads images with a damaged PE header all the same.
      return OptionalLong.empty();
    }
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
    return commandLineLength(commandLine, header.u32le(0x238));
  }

  /** As above, for an image that takes {@code limit} bytes of command line. */
  static int commandLineLength(String commandLine, long limit) {
    int length = commandLine.isEmpty() ? 0 : CommandLines.length(commandLine) + 1;
    if (limit < ELFCOREHDR_RESERVE) {
      throw new KexecException(
          Reason.BAD_HEADER,
          "the image takes "
              + limit
              + " bytes of command line (cmdline_size at offset 0x238), and the kernel keeps "
              + ELFCOREHDR_RESERVE
              + " of them: there is no room for any",
          "the image's header is damaged");
    }
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
