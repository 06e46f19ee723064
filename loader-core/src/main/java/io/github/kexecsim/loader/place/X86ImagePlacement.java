package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.X86Image;
import io.github.kexecsim.loader.image.X86Relocations;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.x86.AvoidedRegion;
import io.github.kexecsim.loader.x86.CodeRegion;
import io.github.kexecsim.loader.x86.KaslrDraw;
import io.github.kexecsim.loader.x86.KaslrOptions;
import io.github.kexecsim.loader.x86.KaslrPlace;
import io.github.kexecsim.loader.x86.KaslrSlots;
import io.github.kexecsim.loader.x86.Paging5;
import io.github.kexecsim.loader.x86.X86Start;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * x86_64's raw image, the payload of an EFI zboot image by the RFC of 2023 ("efi: Implement generic
 * zboot support"). No kernel loads one: this is a model, and docs/adr/0008 says what of it comes
 * from where. There is no decompressor in between, so the loader does what that would do: it
 * chooses the kernel's place by {@link KaslrSlots}, and changes its addresses for the place where
 * it will be mapped. The rest lies where it does around a bzImage.
 */
final class X86ImagePlacement {
  /** {@code COMMAND_LINE_SIZE} of x86, without the NUL. */
  private static final int CMDLINE_SIZE = 2047;

  private static final int PAGE = 4096;

  private final PlacementRequest request;
  private final X86Image image;
  private final SegmentList list;

  X86ImagePlacement(PlacementRequest request) {
    this.request = request;
    FileContent kernel = request.kernel();
    this.image = X86Image.parse(kernel.known(), kernel.size());
    this.list = new SegmentList(request.machine(), request.type());
  }

  /** Whether a file is such an image. */
  static boolean claims(FileContent kernel) {
    return X86Image.matches(kernel.known());
  }

  PlacedLoad place() {
    long size = image.imageSizeField();
    long room = Alignment.up(size, X86Image.ALIGN);
    if (size < X86Image.HEADER_SIZE || KaslrSlots.virtualSlots(room, X86Image.ALIGN) == 0) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "image_size 0x%x at offset 0x10: nothing that the kernel's window of 1 GiB holds",
              size),
          "the image's header is damaged");
    }
    if (image.codeSize() > size) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "code_size 0x%x at offset 0x20, for an image of 0x%x", image.codeSize(), size),
          "the image's header is damaged");
    }
    OfferedFiles.checkInitrd(request);
    int commandLineLength = X86Placement.commandLineLength(request.commandLine(), CMDLINE_SIZE);
    X86Surroundings around = X86Surroundings.place(request, list, commandLineLength);
    Paging5 paging = around.paging(true);
    KaslrOptions options = KaslrOptions.of(around.commandLine(), paging.highestPhysical());
    KaslrSlots slots = slots(options, room);
    KaslrDraw draw = KaslrDraw.of(request.seed());
    boolean isMovable = !options.nokaslr() && image.relocationsSize() > 0;
    long virtualOffset =
        isMovable
            ? KaslrSlots.virtualOffset(room, X86Image.ALIGN, draw.virtual()).orElseThrow()
            : X86Image.LOAD_PHYSICAL_ADDR;
    KexecSegment kernel = addKernel(slots.choose(draw.physical()), virtualOffset);
    KaslrPlace place =
        new KaslrPlace(
            slots,
            kernel.mem(),
            virtualOffset,
            isMovable ? KaslrSlots.virtualSlots(room, X86Image.ALIGN) : 1);
    around.finish(setupHeader(), !options.nokaslr());
    return new PlacedLoad(
        list.asList(),
        around.entry(),
        kernel.mem(),
        around.commandLine(),
        around.e820(),
        List.of(),
        Optional.of(X86Start.ofRawImage(paging, draw, codeRegions(kernel, paging), place)));
  }

  private KaslrSlots slots(KaslrOptions options, long room) {
    return KaslrSlots.of(
        memory(),
        list.asList().stream().map(segment -> AvoidedRegion.of(segment.range())).toList(),
        options,
        X86Image.LOAD_PHYSICAL_ADDR,
        room,
        X86Image.ALIGN);
  }

  /** What the hole search would walk. */
  private List<PhysRange> memory() {
    Machine machine = request.machine();
    return request.type() == LoadType.CRASH
        ? machine.crashRegion().map(List::of).orElse(List.of())
        : machine.ranges();
  }

  /** At its slot, or at the lowest place that takes the kernel. */
  private KexecSegment addKernel(OptionalLong slot, long virtualOffset) {
    long size = image.imageSizeField();
    long bufsz = Math.min(size, request.kernel().size());
    KexecBuf lowest =
        KexecBuf.bottomUp(
                SegmentRole.KERNEL, bufsz, size, X86Image.ALIGN, X86Image.LOAD_PHYSICAL_ADDR)
            .holding(
                request.kernel().content().map(whole -> relocated(whole, bufsz, virtualOffset)));
    if (slot.isEmpty()) {
      return list.add(lowest);
    }
    long memsz = Alignment.up(size, request.machine().pageSize());
    return list.add(lowest.above(slot.getAsLong()).below(slot.getAsLong() + memsz - 1));
  }

  /** The kernel alone, changed for the place where it will be mapped. */
  private static ByteView relocated(ByteView whole, long bufsz, long virtualOffset) {
    X86Relocations relocations = X86Relocations.of(whole, bufsz, bufsz);
    long delta = virtualOffset - X86Image.LOAD_PHYSICAL_ADDR;
    ByteView kernel = whole.slice(0, bufsz);
    if (delta == 0) {
      return kernel;
    }
    byte[] moved = kernel.toByteArray();
    relocations.applyTo(moved, delta);
    return ByteView.of(moved);
  }

  /**
   * What the RFC clears NX of, whole pages: the start of the kernel, data between its text and its
   * init text included and all of it still writable, and the trampoline's code.
   */
  private List<CodeRegion> codeRegions(KexecSegment kernel, Paging5 paging) {
    List<CodeRegion> regions = new ArrayList<>();
    long code = Math.min(Alignment.up(image.codeSize(), PAGE), kernel.memsz());
    PhysRange start = PhysRange.ofSize(kernel.mem(), code);
    if (!start.isEmpty()) {
      regions.add(new CodeRegion(start, "the kernel up to the end of its init text", true, true));
    }
    if (start.end() < kernel.range().end()) {
      regions.add(
          new CodeRegion(
              new PhysRange(start.end(), kernel.range().end()),
              "the rest of the kernel, BSS included",
              false,
              true));
    }
    paging
        .trampoline()
        .ifPresent(
            trampoline ->
                regions.add(
                    new CodeRegion(
                        trampoline.code(), "the trampoline between 4 and 5 levels", true, true)));
    return regions;
  }

  /** A raw image has no setup header, but the kernel reads one in boot_params. */
  private ByteView setupHeader() {
    ByteBuffer out = ByteBuffer.allocate(0x290).order(ByteOrder.LITTLE_ENDIAN);
    out.putShort(0x1fe, (short) 0xaa55).put(0x200, (byte) 0xeb).put(0x201, (byte) 0x6a);
    out.put(0x202, "HdrS".getBytes(StandardCharsets.US_ASCII)).putShort(0x206, (short) 0x20f);
    out.putInt(0x22c, Integer.MAX_VALUE); // initrd_addr_max
    out.putInt(0x230, (int) X86Image.ALIGN).put(0x234, (byte) 1);
    out.putInt(0x238, CMDLINE_SIZE);
    out.putLong(0x258, X86Image.LOAD_PHYSICAL_ADDR);
    out.putInt(0x260, (int) image.imageSizeField());
    return ByteView.of(out.array());
  }
}
