package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.memory.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where kexec-tools puts what it then hands to kexec_load. Modelled for arm64 and default loads on
 * a machine whose /proc/iomem is known ({@code kexec/arch/arm64/kexec-arm64.c} and {@code
 * kexec/kexec.c, locate_hole}, kexec-tools 2.0.28): everything bottom-up from 0, in this order:
 * kernel, initrd, dtb and purgatory, the others never below the kernel's end. Everywhere else the
 * kernel's own rules are taken, and a warning says so.
 */
public final class UserPlacement {
  private static final int HEADER_SIZE = 64;
  private static final long KERNEL_ALIGN = 2L << 20;
  private static final long GIB = 1L << 30;
  private static final long INITRD_WINDOW = 32 * GIB;
  private static final long MAX_DTB = 2L << 20;

  /** What kexec-tools takes for kernels from before Linux 3.17, whose headers do not tell. */
  private static final long OLD_TEXT_OFFSET = 0x80000;

  private static final long OLD_IMAGE_SIZE = 16L << 20;

  private final PlacementRequest request;
  private final List<String> warnings = new ArrayList<>();

  private UserPlacement(PlacementRequest request) {
    this.request = request;
  }

  /**
   * Places a load.
   *
   * @param request with the innermost kernel image
   * @throws KexecException what {@link Placement#place} throws; {@link Reason#UNSUPPORTED_STRATEGY}
   *     for a raw x86 image
   */
  public static PlacedLoad place(PlacementRequest request) {
    return new UserPlacement(request).place();
  }

  private PlacedLoad place() {
    Machine machine = request.machine();
    if (machine.architecture() == Architecture.X86_64
        && X86ImagePlacement.claims(request.kernel())) {
      throw new KexecException(
          Reason.UNSUPPORTED_STRATEGY,
          "kexec-tools knows no raw x86 image: an RFC proposed them for the kernel's own loader",
          "use the strategy \"kernel\", which models the RFC, or load the bzImage");
    }
    if (machine.architecture() != Architecture.ARM64 || request.type() != LoadType.DEFAULT) {
      return asTheKernel("kexec-tools' own rules are modelled for arm64 and default loads only");
    }
    if (machine.iomem().isEmpty()) {
      return asTheKernel("kexec-tools searches /proc/iomem, which is not known here");
    }
    return place(new SegmentList(machine, request.type(), ranges(machine.iomem().get())));
  }

  private PlacedLoad asTheKernel(String why) {
    PlacedLoad placed = Placement.of(request.machine().architecture()).place(request);
    warnings.addAll(placed.warnings());
    warnings.add(why + ": segments are where kexec_file_load would put them");
    return new PlacedLoad(
        placed.segments(),
        placed.entry(),
        placed.kernelEntry(),
        placed.commandLine(),
        placed.e820(),
        warnings,
        placed.x86Start());
  }

  /**
   * System RAM without all that is nested in it but the running kernel's code and data, which are
   * out of use by then ({@code get_memory_ranges}).
   */
  private static List<PhysRange> ranges(Iomem iomem) {
    List<PhysRange> ram = new ArrayList<>();
    List<PhysRange> excluded = new ArrayList<>();
    collect(iomem.resources(), false, ram, excluded);
    return PhysRangeSet.of(excluded).cutOutOf(ram);
  }

  private static void collect(
      List<Resource> resources, boolean inRam, List<PhysRange> ram, List<PhysRange> excluded) {
    for (Resource resource : resources) {
      String name = resource.name();
      boolean isRam = name.startsWith(Resource.SYSTEM_RAM);
      if (isRam && !inRam) {
        ram.add(resource.range());
      } else if (inRam && !name.startsWith("Kernel code") && !name.startsWith("Kernel data")) {
        excluded.add(resource.range());
      }
      collect(resource.children(), inRam || isRam, ram, excluded);
    }
  }

  private PlacedLoad place(SegmentList list) {
    OfferedFiles.checkKernel(request);
    OfferedFiles.checkInitrd(request);
    ByteView header = request.kernel().known();
    if (request.kernel().size() < HEADER_SIZE || !header.matches(0x38, "ARMd")) {
      throw Placement.notClaimed(
          Errno.ENOEXEC, "not an arm64 Image: \"ARM\\x64\" is not at offset 0x38");
    }
    KexecSegment kernel = addKernel(list, header);
    long min = kernel.range().end();
    Optional<KexecSegment> initrd =
        request
            .initrd()
            .map(
                file ->
                    list.add(
                        bottomUp(SegmentRole.INITRD, file.size(), min).holding(file.content())));
    initrd.ifPresent(segment -> checkWindow(kernel, segment));

    ByteView dtb = UserDeviceTree.of(request, initrd);
    if (dtb.size() > MAX_DTB) {
      throw new KexecException(
          Reason.LIMIT_EXCEEDED,
          String.format("the device tree has 0x%x bytes; 0x%x are allowed", dtb.size(), MAX_DTB),
          "");
    }
    list.add(bottomUp(SegmentRole.DTB, dtb.size(), min).holding(Optional.of(dtb)));
    long bufsz = request.machine().purgatory().bufsz();
    long memsz = request.machine().purgatory().memsz();
    KexecSegment purgatory =
        list.add(KexecBuf.bottomUp(SegmentRole.PURGATORY, bufsz, memsz, 0, min));
    warnings.add(
        String.format(
            "the purgatory of kexec-tools differs from build to build: 0x%x bytes are assumed, and"
                + " its entry at its start",
            memsz));
    return new PlacedLoad(
        list.asList(),
        purgatory.mem(),
        kernel.mem(),
        request.commandLine(),
        List.of(),
        List.copyOf(warnings));
  }

  private static KexecBuf bottomUp(SegmentRole role, long size, long min) {
    return KexecBuf.bottomUp(role, size, size, 0, min);
  }

  private KexecSegment addKernel(SegmentList list, ByteView header) {
    boolean old = header.u64le(16) == 0;
    if (old) {
      warnings.add(
          "image_size is 0: kexec-tools takes text_offset to be 0x80000 and image_size 16 MiB");
    }
    long textOffset = old ? OLD_TEXT_OFFSET : Placement.memory("text_offset", header.u64le(8));
    long imageSize = old ? OLD_IMAGE_SIZE : Placement.memory("image_size", header.u64le(16));
    KexecSegment hole =
        list.add(
            KexecBuf.bottomUp(
                    SegmentRole.KERNEL,
                    request.kernel().size(),
                    textOffset + imageSize,
                    KERNEL_ALIGN,
                    0)
                .holding(request.kernel().content()));
    KexecSegment kernel =
        new KexecSegment(
            SegmentRole.KERNEL,
            new PhysRange(hole.mem() + textOffset, hole.range().end()),
            hole.bufsz(),
            hole.content());
    list.replace(0, kernel);
    return kernel;
  }

  private static void checkWindow(KexecSegment kernel, KexecSegment initrd) {
    long from = Alignment.down(kernel.mem(), GIB);
    long to = Alignment.up(initrd.mem() + initrd.bufsz(), GIB);
    if (to - from > INITRD_WINDOW) {
      throw new KexecException(
          Reason.NO_ROOM,
          String.format(
              "the initrd at %s ends more than 32 GiB above the kernel at 0x%x",
              initrd.range(), kernel.mem()),
          "a smaller initrd may fit closer to the kernel");
    }
  }
}
