package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.x86.AvoidedRegion;
import io.github.kexecsim.loader.x86.KaslrOptions;
import io.github.kexecsim.loader.x86.KaslrPlace;
import io.github.kexecsim.loader.x86.KaslrSlots;
import io.github.kexecsim.loader.x86.X86Start;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * x86_64: a bzImage's decompressor chooses the place ({@code arch/x86/boot/compressed/kaslr.c,
 * choose_random_location}, v6.1); for a raw image the loader did. All that the decompressor asks is
 * in boot_params.
 */
record X86Kaslr(NextKernel kernel, X86Start start) {
  private static final int COMMAND_LINE_SIZE = 2048;
  private static final int ZERO_PAGE = 4096;
  private static final int SETUP_DATA = 16;
  private static final String BY_BOOT_PARAMS = "it is avoided, as boot_params leads to it";

  /** {@code MIN_KERNEL_ALIGN}. */
  private static final long MIN_ALIGN = 2L << 20;

  KaslrOutlook outlook() {
    if (start.place().isPresent()) {
      KaslrPlace place = start.place().get();
      return outlook(
          place.slots(),
          place.physical(),
          OptionalLong.of(place.physical()),
          virtual(place),
          // The loader chose before it placed the initrd, and nothing moves the kernel after that.
          place.slots().count() == 0
              ? kernel.outOfReach()
              : neighbours(
                  Slots.fixed(kernel.image()), "the loader moved the kernel, which stays there"),
          List.of(
              "the loader moves the kernel, as an RFC's image has no decompressor that would",
              "the seed stands in for the machine's random numbers"));
    }
    return ofDecompressor();
  }

  private KaslrOutlook ofDecompressor() {
    ByteView params = kernel.segment(SegmentRole.BOOT_PARAMS).orElseThrow().content().orElseThrow();
    List<String> assumptions = new ArrayList<>();
    assumptions.add("CONFIG_RANDOMIZE_BASE, and the rules of Linux 6.1");
    assumptions.add("the seed stands in for the machine's random numbers");
    assumptions.add("no memory that the firmware's SRAT table calls removable");
    KexecSegment segment = kernel.segment(SegmentRole.KERNEL).orElseThrow();
    long align = Math.max(params.u32le(0x230), MIN_ALIGN);
    long output = output(segment, params.u64le(0x258));
    long size = alignUp(imageSize(segment, params, assumptions), MIN_ALIGN);
    KaslrOptions options =
        KaslrOptions.of(kernel.placed().commandLine(), start.paging().highestPhysical());
    KaslrSlots slots =
        params.u8(0x234) == 0
            ? KaslrSlots.none(align, size, "the image is not relocatable")
            : kernel.machine().efiRuntimeMapSize() > 0 && !options.nokaslr()
                ? KaslrSlots.none(
                    align,
                    size,
                    "the EFI memory map that kexec hands over has runtime memory alone, and the"
                        + " decompressor looks for free memory there")
                : KaslrSlots.of(
                    ram(), avoided(params, segment, output), options, output, size, align);
    return outlook(
        slots,
        output,
        slots.choose(start.draw().physical()),
        virtual(params, options, size, align),
        slots.count() == 0 ? kernel.outOfReach() : neighbours(all(slots), BY_BOOT_PARAMS),
        assumptions);
  }

  /** The lowest address it unpacks to; where it lies if pref_address is no address. */
  private static long output(KexecSegment segment, long prefAddress) {
    return prefAddress < PhysRange.LIMIT ? Math.max(segment.mem(), prefAddress) : segment.mem();
  }

  /** What is unpacked, which the payload's last word tells; init_size where that is not known. */
  private static long imageSize(KexecSegment segment, ByteView params, List<String> assumptions) {
    long initSize = Math.max(1, params.u32le(0x260));
    long at = params.u32le(0x248) + params.u32le(0x24c) - 4;
    Optional<ByteView> content = segment.content().filter(c -> at >= 0 && at <= c.size() - 4);
    if (content.isPresent() && content.get().u32le(at) != 0) {
      assumptions.add("a kernel that takes no more memory than what is unpacked");
      return content.get().u32le(at);
    }
    assumptions.add("a kernel of init_size bytes, as the payload is not known");
    return initSize;
  }

  private List<PhysRange> ram() {
    return kernel.placed().e820().stream()
        .filter(entry -> entry.type() == E820Entry.RAM)
        .map(E820Entry::range)
        .toList();
  }

  /** {@code mem_avoid_init}, and the list of setup_data, of which kexec hands over one entry. */
  private List<AvoidedRegion> avoided(ByteView params, KexecSegment segment, long output) {
    PhysRange place = kernel.segment(SegmentRole.BOOT_PARAMS).orElseThrow().range();
    long initSize = params.u32le(0x260);
    long input = output + start.payloadStart().orElse(0);
    List<AvoidedRegion> avoided = new ArrayList<>();
    avoided.add(new AvoidedRegion(input, output + initSize - input));
    avoided.add(new AvoidedRegion(split(params, 0x218, 0xc0), split(params, 0x21c, 0xc4)));
    long commandLine = split(params, 0x228, 0xc8);
    int length = kernel.placed().commandLine().getBytes(StandardCharsets.UTF_8).length;
    avoided.add(new AvoidedRegion(commandLine, Math.min(length, COMMAND_LINE_SIZE - 1) + 1L));
    avoided.add(new AvoidedRegion(place.start(), ZERO_PAGE));
    long setupData = params.u64le(0x250);
    if (place.contains(setupData)) {
      long dataLength = params.u32le(setupData - place.start() + 12);
      avoided.add(new AvoidedRegion(setupData, SETUP_DATA + dataLength));
    }
    return avoided;
  }

  private static long split(ByteView params, int low, int high) {
    return params.u32le(low) | params.u32le(high) << 32;
  }

  private VirtualKaslr virtual(ByteView params, KaslrOptions options, long size, long align) {
    if (options.nokaslr()) {
      return fixed(KaslrCause.NOKASLR, "nokaslr is on the command line");
    }
    if (params.u8(0x234) == 0) {
      return fixed(KaslrCause.NOT_RELOCATABLE, "the image is not relocatable");
    }
    OptionalLong chosen = KaslrSlots.virtualOffset(size, align, start.draw().virtual());
    return chosen.isEmpty()
        ? fixed(KaslrCause.NO_PLACE, "it fills the kernel's window of 1 GiB")
        : random("the decompressor draws it", KaslrSlots.virtualSlots(size, align), align, chosen);
  }

  private VirtualKaslr virtual(KaslrPlace place) {
    long align = place.slots().align();
    if (place.virtualSlots() > 1) {
      return random(
          "the loader draws it",
          place.virtualSlots(),
          align,
          OptionalLong.of(place.virtualOffset()));
    }
    return isSwitchedOff()
        ? fixed(KaslrCause.NOKASLR, "nokaslr is on the command line")
        : fixed(KaslrCause.NOT_RELOCATABLE, "the image has no relocations");
  }

  private boolean isSwitchedOff() {
    return KaslrOptions.of(kernel.placed().commandLine(), PhysRange.LIMIT).nokaslr();
  }

  private static VirtualKaslr random(String why, long count, long align, OptionalLong chosen) {
    long lowest = KaslrSlots.LOAD_PHYSICAL_ADDR;
    return new VirtualKaslr(
        KaslrCause.RANDOMISED,
        why,
        KaslrSlots.START_KERNEL_MAP,
        lowest,
        lowest + (count - 1) * align,
        align,
        chosen);
  }

  private static VirtualKaslr fixed(KaslrCause cause, String why) {
    return VirtualKaslr.fixed(
        cause, why, KaslrSlots.START_KERNEL_MAP, KaslrSlots.LOAD_PHYSICAL_ADDR);
  }

  private KaslrOutlook outlook(
      KaslrSlots slots,
      long output,
      OptionalLong chosen,
      VirtualKaslr virtual,
      List<Neighbour> neighbours,
      List<String> assumptions) {
    if (slots.count() == 0) {
      // Headers are not checked for what the loader does not use: no machine has such memory.
      long end = output + Math.min(slots.imageSize(), PhysRange.LIMIT - output);
      Slots stay = Slots.fixed(new PhysRange(output, end));
      KaslrCause cause = virtual.cause().isRandomised() ? KaslrCause.NO_PLACE : virtual.cause();
      return new KaslrOutlook(
          PhysicalKaslr.staying(cause, slots.obstacle().orElseThrow(), stay),
          virtual,
          neighbours,
          assumptions);
    }
    return new KaslrOutlook(
        new PhysicalKaslr(
            KaslrCause.RANDOMISED, "RAM of the memory map handed over", all(slots), chosen),
        virtual,
        neighbours,
        assumptions);
  }

  private static Slots all(KaslrSlots slots) {
    return new Slots(
        slots.imageSize(),
        slots.align(),
        slots.areas().stream().map(area -> new Slots.Run(area.first(), area.count())).toList());
  }

  /**
   * What lies where the kernel may come to lie.
   *
   * @param places where that is
   * @param avoided why it does not hit what it needs
   */
  private List<Neighbour> neighbours(Slots places, String avoided) {
    List<Neighbour> neighbours = new ArrayList<>();
    for (KexecSegment segment : kernel.needed()) {
      boolean canBeHit = places.canHit(segment.range());
      neighbours.add(
          new Neighbour(
              segment.role().label(),
              segment.range(),
              canBeHit,
              canBeHit
                  ? "nothing tells the decompressor of it"
                  : segment.role() == SegmentRole.ELFCOREHDR
                      ? "the memory map handed over leaves it out"
                      : avoided));
    }
    kernel
        .machine()
        .iomem()
        .map(iomem -> iomem.named("Reserved"::equals))
        .orElse(List.of())
        .forEach(range -> addReserved(neighbours, range, places));
    return neighbours;
  }

  /** Reserved memory is safe only as far as the memory map says so. */
  private static void addReserved(List<Neighbour> neighbours, PhysRange range, Slots places) {
    if (places.canHit(range)) {
      neighbours.add(
          new Neighbour("reserved memory", range, true, "the memory map handed over calls it RAM"));
    }
  }

  private static long alignUp(long size, long align) {
    return (size + align - 1) / align * align;
  }
}
