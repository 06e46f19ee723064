package io.github.kexecsim.loader.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Damaged texts give a result or a typed refusal, and nothing else. */
class MutatedMemoryTextTest {
  private static final String IOMEM =
      """
      09000000-09000fff : pl011@9000000
        09000000-09000fff : 9000000.pl011 pl011@9000000
      40000000-7fffffff : System RAM
        40200000-4051ffff : Kernel code
        40520000-4060ffff : reserved
        76e00000-7edfffff : Crash kernel
      100000000-8ffffffff : PCI Bus 0000:00
      """;
  private static final String MEMBLOCK =
      """
         0: 0x0000000040000000..0x000000007c43ffff    0 NONE
         1: 0x000000007c440000..0x000000007c72ffff    0 NOMAP
         2: 0x000000007c730000..0x000000007fbfffff    x RSV_KERN
         3: 0x000000007fc00000..0x000000007ffdffff
      """;
  private static final String LOG =
      """
      [    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
      <6>BIOS-e820: [gap 0x00000000000a0000-0x00000000000effff]
      BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff]  device reserved
      modified: [mem 0x0000000000100000-0x000000003ffdefff] persistent (type 7)
      efi: mem00: [Conventional|   |  |WB|WT|WC|UC] range=[0x0000000000001000-0x000000000009ffff] (0MB)
      efi: mem01: [type=77|attr=0x8000000000000001] range=[0x0000000100000000-0x000000013fffffff] (1MB)
      efi:   0x000040000000-0x00004fffffff [Loader Data |   |  |WB|WT|WC|UC]
      """;

  @Test
  void iomem() {
    damage(
        IOMEM,
        text -> {
          Iomem iomem = Iomem.parse(text);
          assertThat(PhysRangeSet.isAscending(iomem.systemRam())).isTrue();
          assertThat(iomem.freeEstimate()).isNotNull();
          assertThat(iomem.crashKernel()).isNotNull();
        });
  }

  @Test
  void memblock() {
    damage(MEMBLOCK, text -> Memblock.parse(text, MEMBLOCK).freeRanges(true));
    damage(MEMBLOCK, text -> Memblock.parse(MEMBLOCK, text).freeRanges(false));
  }

  @Test
  void bootLog() {
    damage(LOG, text -> assertThat(BootLog.parse(text).systemRam()).isNotNull());
  }

  private static void damage(String text, Consumer<String> reader) {
    reader.accept(text);
    int refused = 0;
    for (String mutation : mutations(text)) {
      try {
        reader.accept(mutation);
      } catch (KexecException e) {
        assertThat(e.reason())
            .as(mutation)
            .isIn(Set.of(Reason.BAD_MEMORY_MAP, Reason.UNPRIVILEGED_IOMEM));
        refused++;
      }
    }
    assertThat(refused).as("mutations that were refused").isPositive();
  }

  private static List<String> mutations(String text) {
    List<String> mutations = new ArrayList<>();
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    for (int at = 0; at < bytes.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << bit);
        mutations.add(new String(flipped, StandardCharsets.ISO_8859_1));
      }
      mutations.add(text.substring(0, at));
      mutations.add(text.substring(at));
      mutations.add(text.substring(0, at) + text.substring(at + 1));
      mutations.add(text.substring(0, at) + text.charAt(at) + text.substring(at));
    }
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      List<String> without = new ArrayList<>(lines);
      without.remove(i);
      mutations.add(String.join("\n", without));
      List<String> twice = new ArrayList<>(lines);
      twice.add(i, lines.get(i));
      mutations.add(String.join("\n", twice));
    }
    SplittableRandom random = new SplittableRandom(0xda3a6e);
    for (int round = 0; round < 2000; round++) {
      StringBuilder damaged = new StringBuilder(text);
      for (int edit = 0; edit < 6; edit++) {
        int at = random.nextInt(damaged.length());
        damaged.setCharAt(at, "0123456789abcdef-:. xX|[]()\n".charAt(random.nextInt(28)));
      }
      mutations.add(damaged.toString());
    }
    return mutations;
  }
}
