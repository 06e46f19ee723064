package io.github.kexecsim.loader.place;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.CrashNotes;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.Alignment;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * The ELF core header that tells a crash kernel what memory to dump: {@code kernel/crash_core.c,
 * crash_prepare_elf64_headers} (v6.6; {@code kernel/kexec_file.c} before). One PT_NOTE for each CPU
 * and one for vmcoreinfo, a PT_LOAD for the kernel's own mapping, and a PT_LOAD for each range of
 * memory outside the crash regions.
 */
final class ElfCoreHeader {
  private static final int EHDR_SIZE = 64;
  private static final int PHDR_SIZE = 56;

  /** {@code ELF_CORE_HEADER_ALIGN}. */
  private static final int ALIGN = 4096;

  private static final int PT_LOAD = 1;
  private static final int PT_NOTE = 4;
  private static final int PF_RWX = 7;

  /** {@code VMCOREINFO_NOTE_SIZE}: a page of text, its name and two note heads. */
  private static final long VMCOREINFO_NOTE_SIZE = 4096 + 12 + 2 * 12;

  /** CPUs and memory ranges that Debian's x86_64 kernels keep room for under crash hotplug. */
  private static final long HOTPLUG_CPUS = 8192;

  private static final long HOTPLUG_RANGES = 8192;

  private final ByteView bytes;
  private final long memsz;

  private ElfCoreHeader(ByteView bytes, long memsz) {
    this.bytes = bytes;
    this.memsz = memsz;
  }

  /** The header of a machine that crashes. */
  static ElfCoreHeader of(Machine machine) {
    List<PhysRange> dumped = dumped(machine);
    int headers = machine.cpu().count() + 1 + 1 + dumped.size();
    int size = (int) Alignment.up(EHDR_SIZE + (long) headers * PHDR_SIZE, ALIGN);
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    putEhdr(out, machine.architecture(), headers);
    CrashNotes notes = machine.crashNotes();
    long noteSize = cpuNoteSize(machine.architecture());
    for (int cpu = 0; cpu < machine.cpu().count(); cpu++) {
      long at = notes.cpuNotes() + cpu * notes.cpuNoteStride();
      putPhdr(out, PT_NOTE, 0, at, 0, at, noteSize);
    }
    putPhdr(out, PT_NOTE, 0, notes.vmcoreinfo(), 0, notes.vmcoreinfo(), VMCOREINFO_NOTE_SIZE);
    PhysRange kernel = runningKernel(machine);
    putPhdr(
        out, PT_LOAD, PF_RWX, kernel.start(), notes.kernelVirtual(), kernel.start(), kernel.size());
    for (PhysRange range : dumped) {
      putPhdr(
          out,
          PT_LOAD,
          PF_RWX,
          range.start(),
          range.start() + notes.linearMapOffset(),
          range.start(),
          range.size());
    }
    return new ElfCoreHeader(ByteView.of(out.array()), memsz(machine, size));
  }

  /** The buffer that holds it. */
  KexecBuf buffer(long align, long min, boolean topDown) {
    return new KexecBuf(
        SegmentRole.ELFCOREHDR,
        bytes.size(),
        memsz,
        align,
        min,
        KexecBuf.NO_MAX,
        topDown,
        Optional.of(bytes));
  }

  /** What it takes in memory, in bytes, before it is rounded up to the page. */
  long memsz() {
    return memsz;
  }

  /** {@code arch/x86/kernel/crash.c, crash_load_segments} (v6.12). */
  private static long memsz(Machine machine, long bufsz) {
    if (machine.architecture() == Architecture.X86_64
        && KernelDifference.X86_CRASH_HOTPLUG.in(machine.kernelVersion())) {
      return EHDR_SIZE + (2 + HOTPLUG_CPUS + HOTPLUG_RANGES) * PHDR_SIZE;
    }
    return bufsz;
  }

  private static List<PhysRange> dumped(Machine machine) {
    PhysRangeSet left = PhysRangeSet.EMPTY;
    if (machine.architecture() == Architecture.X86_64) {
      left = left.union(PhysRangeSet.of(new PhysRange(0, 1 << 20)));
    }
    left = left.union(PhysRangeSet.of(machine.crashRegion().stream().toList()));
    left = left.union(PhysRangeSet.of(machine.lowCrashRegion().stream().toList()));
    return left.cutOutOf(machine.dumpedRam());
  }

  /** From {@code _text} to {@code _end}, as far as /proc/iomem tells. */
  private static PhysRange runningKernel(Machine machine) {
    List<PhysRange> parts =
        machine.iomem().map(iomem -> iomem.named(n -> n.startsWith("Kernel "))).orElse(List.of());
    long start = parts.stream().mapToLong(PhysRange::start).min().orElse(0);
    long end = parts.stream().mapToLong(PhysRange::end).max().orElse(0);
    return new PhysRange(start, end);
  }

  /** {@code CRASH_CORE_NOTE_BYTES}: two note heads, the name "CORE" and {@code elf_prstatus}. */
  private static long cpuNoteSize(Architecture architecture) {
    int prstatus =
        switch (architecture) {
          case X86_64 -> 336;
          case RISCV64 -> 376;
          case ARM64 -> 392;
          case LOONGARCH64 -> 480;
        };
    return 2 * 12 + 8 + prstatus;
  }

  private static void putEhdr(ByteBuffer out, Architecture architecture, int headers) {
    out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
    out.putShort((short) 4); // ET_CORE
    out.putShort((short) elfMachine(architecture));
    out.putInt(1);
    out.putLong(0); // e_entry
    out.putLong(EHDR_SIZE);
    out.putLong(0); // e_shoff
    out.putInt(0);
    out.putShort((short) EHDR_SIZE);
    out.putShort((short) PHDR_SIZE);
    out.putShort((short) headers);
    out.putShort((short) 0).putShort((short) 0).putShort((short) 0);
  }

  private static int elfMachine(Architecture architecture) {
    return switch (architecture) {
      case X86_64 -> 62;
      case ARM64 -> 183;
      case RISCV64 -> 243;
      case LOONGARCH64 -> 258;
    };
  }

  private static void putPhdr(
      ByteBuffer out, int type, int flags, long offset, long vaddr, long paddr, long size) {
    out.putInt(type).putInt(flags).putLong(offset).putLong(vaddr).putLong(paddr);
    out.putLong(size).putLong(size).putLong(0);
  }
}
