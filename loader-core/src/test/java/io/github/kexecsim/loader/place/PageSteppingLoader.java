package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;

/**
 * What each architecture asks of the hole search and in which order, over {@link
 * PageSteppingSearch}: one flat function each, so that it can be read beside the kernel's.
 */
final class PageSteppingLoader {
  private static final long GIB = 1L << 30;
  private static final long MIB2 = 2L << 20;
  private static final long KIB64 = 64 << 10;

  private final PlacementRequest request;
  private final Machine machine;
  private final ByteView header;
  private final boolean crash;
  private final PageSteppingSearch search;

  private PageSteppingLoader(PlacementRequest request) {
    this.request = request;
    this.machine = request.machine();
    this.header = request.kernel().known();
    this.crash = request.type() == LoadType.CRASH;
    List<PhysRange> ranges = crash ? machine.crashRegion().stream().toList() : machine.ranges();
    this.search = new PageSteppingSearch(machine, ranges);
  }

  /** The segments without their contents; empty where there is no room. */
  static Optional<List<KexecSegment>> load(PlacementRequest request) {
    PageSteppingLoader loader = new PageSteppingLoader(request);
    boolean loaded =
        switch (request.machine().architecture()) {
          case ARM64 -> loader.arm64();
          case RISCV64 -> loader.riscv64();
          case LOONGARCH64 -> loader.loongArch64();
          case X86_64 -> loader.x86();
        };
    return loaded ? Optional.of(loader.search.placed()) : Optional.empty();
  }

  private boolean arm64() {
    long textOffset = header.u64le(8);
    long min = 0;
    long memsz = header.u64le(16) + textOffset;
    while (add(SegmentRole.KERNEL, request.kernel().size(), memsz, MIB2, min, false)) {
      KexecSegment kernel = last();
      if (besideKernel(kernel, true)) {
        long start = kernel.mem() + textOffset;
        search
            .placed()
            .set(
                0,
                new KexecSegment(
                    SegmentRole.KERNEL,
                    new PhysRange(start, kernel.range().end()),
                    kernel.bufsz(),
                    Optional.empty()));
        return true;
      }
      search.placed().clear();
      min = kernel.range().end();
    }
    return false;
  }

  private boolean loongArch64() {
    long min = header.u64le(24);
    while (add(SegmentRole.KERNEL, request.kernel().size(), header.u64le(16), MIB2, min, false)) {
      KexecSegment kernel = last();
      if (besideKernel(kernel, false)) {
        return true;
      }
      search.placed().clear();
      min = kernel.range().end();
    }
    return false;
  }

  private boolean besideKernel(KexecSegment kernel, boolean withDtb) {
    long min = kernel.range().end();
    if (crash && !addElfcorehdr(KIB64, min, true)) {
      return false;
    }
    if (request.initrd().isPresent()) {
      long size = request.initrd().get().size();
      long max = kernel.mem() / GIB * GIB + 32 * GIB;
      if (!search.add(KexecBuf.bottomUp(SegmentRole.INITRD, size, size, 0, min).below(max))) {
        return false;
      }
    }
    return !withDtb || addDtb(request.commandLine(), MIB2, min);
  }

  private boolean riscv64() {
    long align = header.u64le(8);
    if (!add(SegmentRole.KERNEL, request.kernel().size(), header.u64le(16), align, 0, false)) {
      return false;
    }
    long min = last().range().end();
    String commandLine = request.commandLine();
    if (crash) {
      if (!addElfcorehdr(4096, min, true)) {
        return false;
      }
      commandLine = String.format("elfcorehdr=0x%x %s", last().mem(), commandLine);
    }
    return addPurgatory(min) && addInitrdHigh(min) && addDtb(commandLine, 0, min);
  }

  private boolean x86() {
    long params = 4096 + request.commandLine().length() + 1 + 30;
    params = (params + 15) / 16 * 16 + 16 + 96 + 16 + 32;
    long prefAddress =
        machine.kernelVersion().isAtLeast(6, 9) ? Math.max(1 << 20, header.u64le(0x258)) : 1 << 20;
    return (!crash || addElfcorehdr(4096, 0, false))
        && addPurgatory(0x3000)
        && add(SegmentRole.BOOT_PARAMS, params, params, 16, 0x3000, true)
        && add(
            SegmentRole.KERNEL,
            request.kernel().size() - 0xa00,
            header.u32le(0x260),
            header.u32le(0x230),
            prefAddress,
            true)
        && addInitrdHigh(16 << 20);
  }

  private boolean addElfcorehdr(long align, long min, boolean topDown) {
    long bufsz = 4096;
    boolean hotplug =
        machine.architecture() == Architecture.X86_64 && machine.kernelVersion().isAtLeast(6, 6);
    long memsz = hotplug ? 0xe00b0 : bufsz;
    return add(SegmentRole.ELFCOREHDR, bufsz, memsz, align, min, topDown);
  }

  private boolean addPurgatory(long min) {
    long bufsz = machine.purgatory().bufsz();
    return add(SegmentRole.PURGATORY, bufsz, machine.purgatory().memsz(), 0, min, true);
  }

  private boolean addInitrdHigh(long min) {
    if (request.initrd().isEmpty()) {
      return true;
    }
    long size = request.initrd().get().size();
    return add(SegmentRole.INITRD, size, size, 0, min, true);
  }

  private boolean addDtb(String commandLine, long align, long min) {
    long size =
        HandedDeviceTree.of(
                request, commandLine, placed(SegmentRole.INITRD), placed(SegmentRole.ELFCOREHDR))
            .bytes()
            .size();
    return add(SegmentRole.DTB, size, size, align, min, true);
  }

  private Optional<KexecSegment> placed(SegmentRole role) {
    return search.placed().stream().filter(segment -> segment.role() == role).findFirst();
  }

  private boolean add(
      SegmentRole role, long bufsz, long memsz, long align, long min, boolean topDown) {
    return search.add(
        topDown
            ? KexecBuf.topDown(role, bufsz, memsz, align, min)
            : KexecBuf.bottomUp(role, bufsz, memsz, align, min));
  }

  private KexecSegment last() {
    return search.placed().get(search.placed().size() - 1);
  }
}
