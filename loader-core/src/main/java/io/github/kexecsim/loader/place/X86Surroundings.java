package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.Purgatory;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.x86.LowMemory;
import io.github.kexecsim.loader.x86.Paging5;
import java.util.List;
import java.util.Optional;

/**
 * What lies around a kernel of x86_64: elfcorehdr, purgatory and boot_params are placed before it,
 * the initrd after it ({@code arch/x86/kernel/kexec-bzimage64.c, bzImage64_load}, v6.1).
 */
final class X86Surroundings {
  private static final long MIN_PURGATORY_ADDR = 0x3000;
  private static final long MIN_BOOTPARAM_ADDR = 0x3000;
  private static final long MIN_INITRD_LOAD_ADDR = 0x1000000;

  /** Where the zero page keeps loadflags, and {@code KASLR_FLAG} of them. */
  private static final int LOADFLAGS = 0x211;

  private static final int KASLR_FLAG = 2;

  private final PlacementRequest request;
  private final SegmentList list;
  private final long entry;
  private final int paramsIndex;
  private final KexecSegment params;
  private final String commandLine;
  private final List<E820Entry> e820;

  private X86Surroundings(PlacementRequest request, SegmentList list, int commandLineLength) {
    this.request = request;
    this.list = list;
    Machine machine = request.machine();
    if (request.type() == LoadType.CRASH) {
      ElfCoreHeader core = ElfCoreHeader.of(machine);
      long elfcorehdr = list.add(core.buffer(machine.pageSize(), 0, false)).mem();
      commandLine = CommandLines.elfcorehdrPrefix(elfcorehdr) + request.commandLine();
      e820 = CrashE820.of(machine, elfcorehdr, core.memsz());
    } else {
      commandLine = request.commandLine();
      e820 = BootParams.handedOver(machine.e820());
    }
    Purgatory build = machine.purgatory();
    KexecSegment purgatory =
        list.add(
            KexecBuf.topDown(
                SegmentRole.PURGATORY, build.bufsz(), build.memsz(), 0, MIN_PURGATORY_ADDR));
    entry = purgatory.mem() + build.entryOffset();
    long paramsSize = BootParams.size(commandLineLength, machine.efiRuntimeMapSize());
    paramsIndex = list.count();
    params =
        list.add(
            KexecBuf.topDown(
                SegmentRole.BOOT_PARAMS, paramsSize, paramsSize, 16, MIN_BOOTPARAM_ADDR));
  }

  /**
   * Places what comes before the kernel.
   *
   * @param list what it is added to
   * @param commandLineLength with its NUL; 0 for none
   */
  static X86Surroundings place(PlacementRequest request, SegmentList list, int commandLineLength) {
    return new X86Surroundings(request, list, commandLineLength);
  }

  /**
   * Places the initrd, and fills in boot_params.
   *
   * @param header the image's setup header
   * @param randomised whether the kernel is told that it was placed at random
   */
  void finish(ByteView header, boolean randomised) {
    Optional<KexecSegment> initrd =
        request
            .initrd()
            .map(
                file ->
                    list.add(
                        KexecBuf.topDown(
                                SegmentRole.INITRD,
                                file.size(),
                                file.size(),
                                0,
                                MIN_INITRD_LOAD_ADDR)
                            .holding(file.content())));
    byte[] content =
        new BootParams(header, params, commandLine, initrd, e820, request.seed())
            .bytes()
            .toByteArray();
    content[LOADFLAGS] |= (byte) (randomised ? KASLR_FLAG : 0);
    list.replace(paramsIndex, params.holding(ByteView.of(content)));
  }

  /** The purgatory's entry. */
  long entry() {
    return entry;
  }

  /** What the next kernel is told, with what stands in front. */
  String commandLine() {
    return commandLine;
  }

  /** The memory table handed over. */
  List<E820Entry> e820() {
    return e820;
  }

  /**
   * With how many levels of page tables the next kernel runs. It is entered with as many as the
   * running one uses.
   *
   * @param builtIn whether it knows five
   */
  Paging5 paging(boolean builtIn) {
    Machine machine = request.machine();
    return Paging5.decide(
        new Paging5.Ability(machine.cpu().la57(), machine.cpu().fiveLevelPaging(), builtIn),
        commandLine,
        LowMemory.of(machine.efiRuntimeMapSize() > 0, e820));
  }
}
