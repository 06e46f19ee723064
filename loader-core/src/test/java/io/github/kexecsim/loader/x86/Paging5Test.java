package io.github.kexecsim.loader.x86;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** 4 or 5 levels, and where the trampoline between them lies. */
class Paging5Test {
  private static final long PAGE = 4096;
  private static final LowMemory LEGACY = LowMemory.of(false, List.of(ram(0, 0x9fc00)));

  @ParameterizedTest
  @CsvSource({
    // capable, active, built in, command line; levels, switched
    "false, false, false, quiet, 4, false",
    "false, false, true, quiet, 4, false",
    "true, false, false, quiet, 4, false",
    "true, false, true, quiet, 5, true",
    "true, false, true, no5lvl, 4, false",
    "true, false, true, no5lvl=0, 5, true",
    "true, false, true, xno5lvl, 5, true",
    "true, true, true, quiet, 5, false",
    "true, true, true, quiet no5lvl, 4, true",
    "true, true, false, quiet, 4, true",
  })
  void decision(
      boolean capable, boolean active, boolean builtIn, String line, int levels, boolean switched) {
    Paging5 paging = Paging5.decide(new Paging5.Ability(capable, active, builtIn), line, LEGACY);

    assertThat(paging.levels()).isEqualTo(levels);
    assertThat(paging.isSwitched()).isEqualTo(switched);
    assertThat(paging.trampoline().isPresent()).isEqualTo(switched);
    assertThat(paging.highestPhysical()).isEqualTo(levels == 5 ? 1L << 52 : 1L << 46);
  }

  @Test
  void trampolineIsATableBelowItsCode() {
    Paging5.Trampoline trampoline =
        Paging5.decide(new Paging5.Ability(true, false, true), "", LEGACY)
            .trampoline()
            .orElseThrow();

    assertThat(trampoline.range()).isEqualTo(new PhysRange(0x9d000, 0x9f000));
    assertThat(trampoline.table()).isEqualTo(new PhysRange(0x9d000, 0x9e000));
    assertThat(trampoline.code()).isEqualTo(new PhysRange(0x9e000, 0x9f000));
  }

  @ParameterizedTest
  @CsvSource({
    // EFI, EBDA segment, KiB; where the BIOS's memory begins
    "false, 0, 0, 9f000",
    "false, 0x9fc0, 639, 9f000",
    "false, 0, 640, 9f000",
    "false, 0, 600, 96000",
    "false, 0, 127, 9f000",
    "false, 0, 128, 20000",
    "false, 0x9000, 639, 90000",
    "false, 0x9001, 639, 90000",
    "false, 0x2000, 639, 9f000",
    "false, 0x2100, 639, 21000",
    "false, 0x9000, 512, 80000",
    "true, 0x9000, 512, 9f000",
  })
  void biosStart(boolean efi, String ebda, int kib, String expected) {
    LowMemory memory = new LowMemory(efi, Integer.decode(ebda), kib, List.of());
    assertThat(memory.biosStart()).isEqualTo(Long.parseLong(expected, 16));
  }

  @Test
  void placeIsTheHighestThatOneEntryHolds() {
    SplittableRandom random = new SplittableRandom(6);
    for (int round = 0; round < 20_000; round++) {
      List<E820Entry> e820 = new ArrayList<>();
      long at = 0;
      for (int i = random.nextInt(6); i > 0; i--) {
        at += random.nextBoolean() ? 0 : random.nextLong(0x20000);
        long size = 1 + random.nextLong(random.nextInt(3) == 0 ? 0x2800 : 0x50000);
        long type = random.nextInt(4) == 0 ? E820Entry.RESERVED : E820Entry.RAM;
        e820.add(new E820Entry(PhysRange.ofSize(at, size), type));
        at += size;
      }
      LowMemory memory =
          new LowMemory(random.nextInt(4) == 0, random.nextInt(0x10000), random.nextInt(700), e820);

      PhysRange found = memory.placeBelowBios(2 * PAGE);

      assertThat(found).isEqualTo(walk(memory, e820));
    }
  }

  private static PhysRange walk(LowMemory memory, List<E820Entry> e820) {
    for (long end = memory.biosStart(); end >= 2 * PAGE; end -= PAGE) {
      PhysRange pages = new PhysRange(end - 2 * PAGE, end);
      if (e820.stream().anyMatch(e -> e.type() == E820Entry.RAM && e.range().contains(pages))) {
        return pages;
      }
    }
    return PhysRange.ofSize(memory.biosStart() - 2 * PAGE, 2 * PAGE);
  }

  private static E820Entry ram(long start, long end) {
    return new E820Entry(new PhysRange(start, end), E820Entry.RAM);
  }
}
