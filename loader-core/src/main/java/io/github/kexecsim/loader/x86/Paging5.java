package io.github.kexecsim.loader.x86;

import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import java.util.Optional;

/**
 * With how many levels of page tables the next kernel runs, and how it gets there ({@code
 * arch/x86/boot/compressed/pgtable_64.c, configure_5level_paging}, v6.6 and v6.1.y). Long mode does
 * not allow the switch: it takes code and a top-level table below 4 GiB that run with paging off.
 *
 * @param levels 4 or 5
 * @param isSwitched whether that is another number than the kernel is entered with
 * @param why what decided, one sentence without a full stop
 * @param trampoline what carries out the switch, where there is one
 */
public record Paging5(int levels, boolean isSwitched, String why, Optional<Trampoline> trampoline) {
  private static final long PAGE = 4096;

  /** {@code TRAMPOLINE_32BIT_SIZE}: a page table and a page of code. */
  private static final long TRAMPOLINE_SIZE = 2 * PAGE;

  /** {@code TRAMPOLINE_32BIT_CODE_SIZE}. */
  private static final long CODE_SIZE = 0xa0;

  /**
   * Two pages that are borrowed for the switch.
   *
   * @param range both; saved before they are written, and written back after the switch
   * @param table the top-level page table with which paging is switched on again
   * @param code the code that runs in 32-bit mode, 0xa0 bytes at most
   * @param why why they lie there, one sentence without a full stop
   * @param steps what is saved, written and restored, in order
   */
  public record Trampoline(
      PhysRange range, PhysRange table, PhysRange code, String why, List<String> steps) {
    public Trampoline {
      steps = List.copyOf(steps);
    }
  }

  /**
   * What is to be known of processor and kernel.
   *
   * @param capable whether the CPUs can do 5 levels (CPUID leaf 7, LA57)
   * @param active whether the kernel is entered with 5 levels (CR4.LA57), as it is where the kernel
   *     before used them
   * @param builtIn whether the kernel knows 5 levels (CONFIG_X86_5LEVEL, XLF_5LEVEL_ENABLED)
   */
  public record Ability(boolean capable, boolean active, boolean builtIn) {
    public Ability {
      if (active && !capable) {
        throw new IllegalArgumentException("5 levels are in use, and the CPUs cannot do them");
      }
    }
  }

  /**
   * Decides.
   *
   * @param commandLine what the next kernel is told; {@code no5lvl} counts
   */
  public static Paging5 decide(Ability ability, String commandLine, LowMemory memory) {
    String against = null;
    if (!ability.builtIn()) {
      against = "the kernel was built without 5-level paging";
    } else if (new EarlyCommandLine(commandLine).has("no5lvl")) {
      against = "no5lvl is on the command line";
    } else if (!ability.capable()) {
      against = "the CPUs cannot do 5 levels";
    }
    boolean wanted = against == null;
    String decision = wanted ? "CPUs and kernel know 5 levels" : against;
    if (wanted == ability.active()) {
      return new Paging5(
          levels(wanted), false, decision + ", and that is how it is entered", Optional.empty());
    }
    return new Paging5(
        levels(wanted),
        true,
        decision + ", but it is entered with " + levels(!wanted) + " levels",
        Optional.of(trampoline(wanted, memory)));
  }

  private static int levels(boolean five) {
    return five ? 5 : 4;
  }

  /** {@code MAXMEM}: where physical memory ends for a kernel with so many levels. */
  public long highestPhysical() {
    return levels == 5 ? 1L << 52 : 1L << 46;
  }

  private static Trampoline trampoline(boolean toFive, LowMemory memory) {
    PhysRange range = memory.placeBelowBios(TRAMPOLINE_SIZE);
    PhysRange table = PhysRange.ofSize(range.start(), PAGE);
    PhysRange code = PhysRange.ofSize(range.start() + PAGE, PAGE);
    return new Trampoline(
        range,
        table,
        code,
        why(range, memory),
        List.of(
            String.format("save 0x%x bytes at 0x%x and clear them", range.size(), range.start()),
            String.format("copy 0x%x bytes of code to 0x%x", CODE_SIZE, code.start()),
            toFive
                ? String.format(
                    "let the one entry of a new top-level table at 0x%x lead to the table in CR3",
                    table.start())
                : String.format(
                    "copy the table behind the first entry of the one in CR3 to 0x%x",
                    table.start()),
            "switch to 32-bit mode and paging off, toggle CR4.LA57, paging on with that table",
            "copy that table out of the two pages, and load CR3 with the copy",
            String.format("write back the 0x%x bytes at 0x%x", range.size(), range.start())));
  }

  private static String why(PhysRange range, LowMemory memory) {
    String words =
        memory.efi()
            ? "EFI leaves no BIOS data to read"
            : memory.ebdaSegment() == 0 && memory.kibibytes() == 0
                ? "the BIOS's words at 0x40e and 0x413 are not known"
                : "the BIOS's words at 0x40e and 0x413 say so";
    return String.format(
        "%s below 0x%x, where the BIOS's memory is taken to begin: %s",
        memory.isRam(range)
            ? "the highest RAM of the memory map"
            : "not RAM by the memory map, which has none that fits,",
        memory.biosStart(),
        words);
  }
}
