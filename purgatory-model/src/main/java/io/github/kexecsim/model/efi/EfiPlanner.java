package io.github.kexecsim.model.efi;

import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.image.Payload;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.image.UkiImage;
import io.github.kexecsim.loader.image.ZbootImage;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.pe.PeHeader;
import io.github.kexecsim.loader.place.EfiPlacement;
import io.github.kexecsim.loader.place.EfiPlacement.Placed;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.PlacementRequest;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.model.mmu.Arm64FlatMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Takes the steps from a request to an {@link EfiPlan}. */
final class EfiPlanner {
  private final LoadRequest request;
  private final EfiOptions options;

  EfiPlanner(LoadRequest request, EfiOptions options) {
    this.request = request;
    this.options = options;
  }

  EfiPlan plan() {
    checkMachine();
    ZbootImage image = zboot();
    StubGeneration generation = StubGeneration.of(image);
    // The payload is there once the method is known; and so is the size.
    Payload payload = image.payload(request.image()).orElseThrow();
    CompressionMethod method = payload.method().orElseThrow();
    long size = declaredSize(payload);
    checkPe(image);

    List<ReserveItem> free = StubReserve.items(image, method, generation, size);
    Placed placed = EfiPlacement.place(placementRequest(), needs(image, free));
    return new EfiPlan(
        request,
        options,
        image,
        generation,
        withServices(placed, image),
        placed.usable(),
        items(placed, free));
  }

  private void checkMachine() {
    Architecture architecture = request.machine().architecture();
    String why =
        switch (architecture) {
          case ARM64 ->
              request.type() == LoadType.CRASH
                  ? "a crash kernel must stay in its region, and EFI's memory map cannot tell it of"
                      + " the elfcorehdr in it"
                  : "";
          case RISCV64 ->
              "a riscv64 stub asks the firmware for the boot hart (RISCV_EFI_BOOT_PROTOCOL), which"
                  + " a purgatory cannot know";
          case LOONGARCH64 ->
              "a loongarch64 kernel takes everything from EFI's tables and calls"
                  + " SetVirtualAddressMap, so it needs the firmware's own runtime services";
          case X86_64 ->
              "no released kernel is built as a zboot image for x86_64, and the stub of the RFC that"
                  + " proposed them is not modelled";
        };
    if (!why.isEmpty()) {
      throw unsupported(why);
    }
  }

  private static KexecException unsupported(String why) {
    return unsupported(why, "use the strategy \"kernel\" or \"user\"");
  }

  private static KexecException unsupported(String why, String hint) {
    return new KexecException(
        Reason.UNSUPPORTED_STRATEGY,
        "the strategy \"emulated-efi\" does not load this: " + why,
        hint);
  }

  private ZbootImage zboot() {
    KernelImage outer = ImageProbe.parse(request.image());
    if (!outer.architecture().equals(Optional.of(Architecture.ARM64))) {
      throw new KexecException(
          Reason.WRONG_ARCHITECTURE,
          "a " + outer.format() + " image that is not for arm64",
          "load it on a machine that it is for");
    }
    if (outer instanceof UkiImage uki && holdsZboot(uki)) {
      throw unsupported(
          "the image is a UKI around the zboot image, whose stub is another one",
          "take the zboot image out with \"extract --section .linux\", and load that");
    }
    if (!(outer instanceof ZbootImage zboot)) {
      throw unsupported("the image is " + outer.format() + ", not zboot");
    }
    return zboot;
  }

  private boolean holdsZboot(UkiImage uki) {
    try {
      Payload kernel = uki.payload(request.image()).orElseThrow();
      return ImageProbe.parse(request.image().slice(kernel.offset(), kernel.size()))
          instanceof ZbootImage;
    } catch (KexecException e) {
      // No kernel that could be taken out.
      return false;
    }
  }

  private long declaredSize(Payload payload) {
    long size = payload.declaredSize().orElseThrow();
    if (size == 0) {
      throw new KexecException(
          Reason.BAD_HEADER, "the zboot image declares that nothing comes out of its payload");
    }
    request
        .limits()
        .check(Limit.DECOMPRESSED, size, "what the zboot image declares behind its payload");
    return size;
  }

  /** The image is placed as the file is, so sections must lie in memory where they do in it. */
  private static void checkPe(ZbootImage image) {
    PeHeader pe = image.pe();
    for (PeHeader.Section section : pe.sections()) {
      if (section.rawSize() != 0 && section.rawOffset() != section.virtualAddress()) {
        throw new KexecException(
            Reason.BAD_HEADER,
            String.format(
                "a section of the zboot image is at 0x%x in the file and at 0x%x in memory",
                section.rawOffset(), section.virtualAddress()),
            "the kernel build puts both at one place: the image was changed since");
      }
    }
    if (Long.bitCount(pe.sectionAlignment()) != 1 || pe.sectionAlignment() > 1 << 30) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format("SectionAlignment in the PE header is 0x%x", pe.sectionAlignment()));
    }
    if (pe.addressOfEntryPoint() < pe.sizeOfHeaders()
        || pe.addressOfEntryPoint() >= pe.sizeOfImage()) {
      throw new KexecException(
          Reason.BAD_HEADER,
          String.format(
              "AddressOfEntryPoint 0x%x in the PE header is not between SizeOfHeaders 0x%x and"
                  + " SizeOfImage 0x%x",
              pe.addressOfEntryPoint(), pe.sizeOfHeaders(), pe.sizeOfImage()));
    }
  }

  private PlacementRequest placementRequest() {
    return new PlacementRequest(
        request.machine(),
        FileContent.of(request.image()),
        request.initrd().map(FileContent::of),
        request.givenCommandLine(),
        request.type(),
        request.seed());
  }

  private EfiPlacement.Needs needs(ZbootImage image, List<ReserveItem> free) {
    return new EfiPlacement.Needs(
        image.pe().sizeOfImage(),
        Math.max(image.pe().sectionAlignment(), StubReserve.ALLOC_ALIGN),
        range -> ServicesBlock.size(request.givenCommandLine(), range),
        options.stackSize(),
        StubReserve.total(free));
  }

  private PlacedLoad withServices(Placed placed, ZbootImage image) {
    PhysRange kernel = placed.segment(SegmentRole.KERNEL).orElseThrow().range();
    long kernelEntry = kernel.start() + image.pe().addressOfEntryPoint();
    long dtb = placed.segment(SegmentRole.DTB).orElseThrow().mem();
    List<KexecSegment> segments = new ArrayList<>();
    long entry = 0;
    for (KexecSegment segment : placed.segments()) {
      if (segment.role() == SegmentRole.EFI_SERVICES) {
        ServicesBlock block = new ServicesBlock(segment.mem(), request.givenCommandLine());
        entry = block.entry();
        long stackTop = placed.segment(SegmentRole.STACK).orElseThrow().range().end();
        Map<String, Long> symbols = block.symbols(placed.usable(), dtb, stackTop, kernelEntry);
        PhysRange zboot = PhysRange.ofSize(kernel.start(), image.pe().sizeOfImage());
        ByteView bytes = block.bytes(placed.usable(), options.services(), dtb, zboot, symbols);
        segments.add(
            new KexecSegment(segment.role(), segment.range(), bytes.size(), Optional.of(bytes)));
      } else {
        segments.add(segment);
      }
    }
    return new PlacedLoad(
        segments,
        entry,
        kernelEntry,
        request.givenCommandLine(),
        List.of(),
        image.findings().stream().map(Finding::message).toList());
  }

  private static List<ReserveItem> items(Placed placed, List<ReserveItem> free) {
    List<ReserveItem> items = new ArrayList<>();
    for (KexecSegment segment : placed.segments()) {
      items.add(ReserveItem.segment(describe(segment.role(), placed), segment.memsz()));
    }
    items.addAll(free);
    return items;
  }

  private static String describe(SegmentRole role, Placed placed) {
    return switch (role) {
      case KERNEL -> "zboot image, whole";
      case EFI_SERVICES ->
          String.format(
              "services: tables, load options, 0x%x bytes of page tables",
              Arm64FlatMap.tablesSize(placed.usable()));
      default -> role.label();
    };
  }
}
