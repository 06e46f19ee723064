package io.github.kexecsim.loader.memory;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.List;
import java.util.Optional;

/**
 * The memory maps that a boot log holds: e820 tables, which every x86 kernel prints, and the EFI
 * memory map, which kernels booted with {@code efi=debug} print. At least one of the two is there.
 *
 * @param e820Tables in the order of the log, the firmware's first
 * @param efiMemoryMap ascending, no two overlap
 * @param warnings oddities that the reader met, for people
 */
public record BootLog(
    List<E820Table> e820Tables, List<EfiMemoryDesc> efiMemoryMap, List<String> warnings) {
  /**
   * Checks the order.
   *
   * @throws IllegalArgumentException if the EFI memory map does not ascend or overlaps itself
   */
  public BootLog {
    e820Tables = List.copyOf(e820Tables);
    efiMemoryMap = List.copyOf(efiMemoryMap);
    warnings = List.copyOf(warnings);
    if (!PhysRangeSet.isAscending(efiMemoryMap.stream().map(EfiMemoryDesc::range).toList())) {
      throw new IllegalArgumentException("EFI memory descriptors must ascend and not overlap");
    }
  }

  /** Reads a text of at most 100000 lines; see {@link #parse(String, Limits)}. */
  public static BootLog parse(String text) {
    return parse(text, Limits.DEFAULT);
  }

  /**
   * Reads the maps out of a boot log, whatever else is in it and whatever stands before the
   * messages: {@code dmesg}, {@code journalctl -k}, a serial console.
   *
   * <ul>
   *   <li>e820 lines in the wording up to 6.x ({@code usable}) and of 7.x ({@code System RAM},
   *       {@code [gap ...]}). A table begins where its name changes or its addresses start over.
   *   <li>EFI lines of x86 ({@code mem00: [...] range=[...]}, of older kernels with an exclusive
   *       end) and of arm64, riscv64 and loongarch64. Of several maps the first is read: later ones
   *       hold runtime memory only, or attributes that the command line faked. Firmware need not
   *       sort its map, so the result is sorted.
   * </ul>
   *
   * <p>Repeated lines and tables, as two consoles at once leave them, count once; entries beyond
   * 2^52 that are not memory are left out. Both are told as warnings, as are {@code e820: update}
   * and {@code remove} lines, which are not carried out.
   *
   * @param text the log
   * @param limits {@link Limit#RANGES} is how many lines to read at most
   * @throws KexecException {@link Reason#LIMIT_EXCEEDED} if there are more lines, {@link
   *     Reason#BAD_MEMORY_MAP} if there is no map in it, or a line of one is cut off or of unknown
   *     type, or entries overlap or are missing, or memory reaches beyond 2^52, or two boots with
   *     different maps are in it
   */
  public static BootLog parse(String text, Limits limits) {
    Warnings warnings = new Warnings();
    E820Reader e820 = new E820Reader(warnings);
    EfiMemoryMapReader efi = new EfiMemoryMapReader(warnings);
    Line.forEach(
        "boot log",
        text,
        limits,
        line -> {
          e820.accept(line);
          efi.accept(line);
        });
    List<E820Table> tables = e820.tables();
    List<EfiMemoryDesc> memoryMap = efi.memoryMap();
    if (tables.isEmpty() && memoryMap.isEmpty()) {
      throw new KexecException(
          Reason.BAD_MEMORY_MAP,
          "boot log: no memory map in it: looked for \"BIOS-e820: [mem 0x...\" (x86), \"efi: mem00:"
              + " [...] range=[0x...\" (x86) and \"efi:   0x...-0x... [...\" (arm64 and others)",
          "take the log from its very beginning (`journalctl -k -b`); EFI maps need efi=debug");
    }
    return new BootLog(tables, memoryMap, warnings.toList());
  }

  /**
   * The first table of the log: the one that came from the firmware, which kexec hands on to the
   * next kernel ({@code e820_table_kexec}). Empty where the log has no e820 lines.
   */
  public Optional<E820Table> firmwareE820() {
    return e820Tables.stream().findFirst();
  }

  /**
   * What becomes System RAM, ascending. Where there are e820 tables, it is the last one's memory
   * (it has {@code memmap=}, {@code mem=} and trimming applied), one range an entry, as the kernel
   * registers them. Only without any it is the EFI map's, neighbours joined: an x86 kernel takes
   * its memory from e820, into which its EFI stub translated the EFI map.
   */
  public List<PhysRange> systemRam() {
    if (!e820Tables.isEmpty()) {
      return e820Tables.get(e820Tables.size() - 1).ram();
    }
    return PhysRangeSet.of(
            efiMemoryMap.stream().filter(EfiMemoryDesc::isRam).map(EfiMemoryDesc::range).toList())
        .ranges();
  }
}
