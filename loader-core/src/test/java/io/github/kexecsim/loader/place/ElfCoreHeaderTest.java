package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Cpu;
import io.github.kexecsim.loader.machine.CrashNotes;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ElfCoreHeaderTest {
  private static final String IOMEM =
      """
      00000000-0009ffff : System RAM
      40000000-7fffffff : System RAM
        40200000-4058ffff : Kernel code
        40680000-407affff : Kernel data
        60000000-67ffffff : Crash kernel
      100000000-17fffffff : System RAM
        170000000-17fffffff : Crash kernel
      """;
  private static final String MEMBLOCK =
      """
         0: 0x0000000000000000..0x000000000009ffff    0 NONE
         1: 0x0000000040000000..0x000000007fffffff    0 NONE
         2: 0x0000000100000000..0x000000017fffffff    1 NONE
      """;
  private static final CrashNotes NOTES =
      new CrashNotes(0x5000_0000, 0x1000, 0x5100_0000, 0xffff_8000_0820_0000L, 0x1_0000_0000_0000L);
  private static final Pattern PROGRAM_HEADER =
      Pattern.compile(
          "^  (NOTE|LOAD) +0x(\\p{XDigit}+) 0x(\\p{XDigit}+) 0x(\\p{XDigit}+) 0x(\\p{XDigit}+)"
              + " 0x(\\p{XDigit}+) (RWE|   ) +(0x)?0 *$",
          Pattern.MULTILINE);

  private record Phdr(String type, long offset, long vaddr, long paddr, long size) {}

  @ParameterizedTest
  @EnumSource
  void readelfReadsIt(Architecture architecture, @TempDir Path folder)
      throws IOException, InterruptedException {
    byte[] header = bytes(ElfCoreHeader.of(machine(architecture, 3))).toByteArray();

    String text = InstalledTool.read(folder, header, "readelf", "-hlW");

    assertThat(text).contains("CORE (Core file)").doesNotContain("Warning", "Error");
    assertThat(text.toLowerCase(Locale.ROOT)).contains(machineName(architecture));
    List<Phdr> read = new ArrayList<>();
    Matcher matcher = PROGRAM_HEADER.matcher(text);
    while (matcher.find()) {
      assertThat(matcher.group(5)).isEqualTo(matcher.group(6));
      read.add(
          new Phdr(
              matcher.group(1),
              hex(matcher, 2),
              hex(matcher, 3),
              hex(matcher, 4),
              hex(matcher, 5)));
    }
    assertThat(read).isEqualTo(parse(ByteView.of(header)));
  }

  @ParameterizedTest
  @EnumSource
  void describesCpusKernelAndMemoryOutsideTheCrashRegions(Architecture architecture) {
    List<Phdr> headers = parse(bytes(ElfCoreHeader.of(machine(architecture, 3))));

    List<Phdr> notes = headers.subList(0, 4);
    assertThat(notes).allMatch(note -> note.type().equals("NOTE") && note.vaddr() == 0);
    assertThat(notes)
        .extracting(Phdr::paddr)
        .containsExactly(0x5000_0000L, 0x5000_1000L, 0x5000_2000L, 0x5100_0000L);
    assertThat(headers.get(4))
        .isEqualTo(new Phdr("LOAD", 0x4020_0000, 0xffff_8000_0820_0000L, 0x4020_0000, 0x5b_0000));
    List<Phdr> memory = new ArrayList<>();
    if (architecture != Architecture.X86_64) {
      memory.add(load(0, 0xa_0000));
    }
    memory.add(load(0x4000_0000, 0x2000_0000));
    memory.add(load(0x6800_0000, 0x1800_0000));
    memory.add(load(0x1_0000_0000L, 0x7000_0000));
    assertThat(headers.subList(5, headers.size())).isEqualTo(memory);
  }

  /** What /sys/devices/system/cpu/cpu0/crash_notes_size says: 368 bytes on x86_64. */
  @ParameterizedTest
  @CsvSource({"X86_64, 368", "ARM64, 424", "RISCV64, 408", "LOONGARCH64, 512"})
  void aCpusNoteHoldsItsRegisters(Architecture architecture, long size) {
    List<Phdr> headers = parse(bytes(ElfCoreHeader.of(machine(architecture, 2))));

    assertThat(headers.subList(0, 2)).extracting(Phdr::size).containsExactly(size, size);
    // VMCOREINFO_NOTE_SIZE: a page, "VMCOREINFO" in whole words, the heads of it and of the end.
    assertThat(headers.get(2).size()).isEqualTo(4096 + 12 + 24);
  }

  /** 64 bytes and 56 a header, in whole pages of 4 KiB whatever the kernel's own are. */
  @ParameterizedTest
  @CsvSource({"1, 4096", "66, 4096", "67, 8192", "512, 32768"})
  void growsWithTheCpus(int cpus, int size) {
    ElfCoreHeader header = ElfCoreHeader.of(machine(Architecture.ARM64, cpus));

    assertThat(bytes(header).size()).isEqualTo(size);
    assertThat(header.memsz()).isEqualTo(size);
  }

  @Test
  void x86KeepsRoomForWhatMayBePluggedIn() {
    assertThat(ElfCoreHeader.of(x86(new KernelVersion(6, 5))).memsz()).isEqualTo(4096);
    assertThat(ElfCoreHeader.of(x86(new KernelVersion(6, 6))).memsz()).isEqualTo(0xe00b0);
    assertThat(bytes(ElfCoreHeader.of(x86(new KernelVersion(6, 6)))).size()).isEqualTo(4096);
  }

  private static Phdr load(long start, long size) {
    return new Phdr("LOAD", start, start + 0x1_0000_0000_0000L, start, size);
  }

  private static ByteView bytes(ElfCoreHeader header) {
    return header.buffer(4096, 0, false).content().orElseThrow();
  }

  private static Machine x86(KernelVersion version) {
    return new MachineBuilder(Architecture.X86_64)
        .kernelVersion(version)
        .iomem(Iomem.parse(IOMEM))
        .build();
  }

  private static Machine machine(Architecture architecture, int cpus) {
    return new MachineBuilder(architecture)
        .iomem(Iomem.parse(IOMEM))
        .memblock(Memblock.parse(MEMBLOCK, "   0: 0x40200000..0x407affff\n"))
        .cpu(Cpu.UNKNOWN.withCount(cpus))
        .crashNotes(NOTES)
        .build();
  }

  private static List<Phdr> parse(ByteView elf) {
    assertThat(elf.u64le(32)).isEqualTo(64);
    assertThat(elf.u16le(54)).isEqualTo(56);
    List<Phdr> headers = new ArrayList<>();
    for (int i = 0; i < elf.u16le(56); i++) {
      ByteView phdr = elf.slice(64 + 56L * i, 56);
      assertThat(phdr.u64le(32)).isEqualTo(phdr.u64le(40));
      headers.add(
          new Phdr(
              phdr.u32le(0) == 4 ? "NOTE" : "LOAD",
              phdr.u64le(8),
              phdr.u64le(16),
              phdr.u64le(24),
              phdr.u64le(32)));
    }
    return headers;
  }

  private static long hex(Matcher matcher, int group) {
    return Long.parseUnsignedLong(matcher.group(group), 16);
  }

  private static String machineName(Architecture architecture) {
    return switch (architecture) {
      case ARM64 -> "aarch64";
      case RISCV64 -> "risc-v";
      case LOONGARCH64 -> "loongarch";
      case X86_64 -> "x86-64";
    };
  }
}
