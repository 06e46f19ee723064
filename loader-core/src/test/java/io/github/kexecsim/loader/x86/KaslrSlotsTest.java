package io.github.kexecsim.loader.x86;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The places that the decompressor may choose, against a walk over every address. */
class KaslrSlotsTest {
  private static final long MIB = 1 << 20;
  private static final long GIB = 1 << 30;
  private static final long ALIGN = 2 * MIB;
  private static final long MAXMEM = 1L << 46;
  private static final KaslrOptions NONE = KaslrOptions.of("", MAXMEM);

  @Test
  void slotsAreThoseOfAWalkOverEveryAddress() {
    SplittableRandom random = new SplittableRandom(1);
    int withSlots = 0;
    for (int round = 0; round < 20_000; round++) {
      List<PhysRange> memory = memory(random);
      List<AvoidedRegion> avoided = avoided(random);
      long output = random.nextInt(64) * MIB;
      long size = 1 + random.nextLong(40 * MIB);
      long limit = random.nextInt(3) == 0 ? random.nextLong(400 * MIB) : MAXMEM;
      KaslrOptions options = new KaslrOptions(false, limit, avoided.subList(0, 1), false, 0);

      KaslrSlots slots =
          KaslrSlots.of(memory, avoided.subList(1, avoided.size()), options, output, size, ALIGN);

      List<Long> expected = walk(memory, avoided, limit, output, size);
      assertThat(addresses(slots)).isEqualTo(expected);
      assertThat(slots.obstacle().isPresent()).isEqualTo(expected.isEmpty());
      withSlots += expected.isEmpty() ? 0 : 1;
    }
    assertThat(withSlots).isGreaterThan(5000);
  }

  @Test
  void everySlotIsChosenByItsNumber() {
    KaslrSlots slots =
        KaslrSlots.of(
            List.of(new PhysRange(0, 64 * MIB), new PhysRange(100 * MIB, 200 * MIB)),
            List.of(new AvoidedRegion(30 * MIB, MIB)),
            NONE,
            16 * MIB,
            8 * MIB,
            ALIGN);

    List<Long> all = addresses(slots);
    for (int i = 0; i < all.size(); i++) {
      assertThat(slots.choose(i)).hasValue(all.get(i));
      assertThat(slots.choose(i + 7L * all.size())).hasValue(all.get(i));
    }
    // Random numbers are unsigned: 2^64 - 1.
    long last = Long.remainderUnsigned(-1, all.size());
    assertThat(slots.choose(-1)).hasValue(all.get((int) last));
  }

  @Test
  void seedsReachEverySlot() {
    KaslrSlots slots =
        KaslrSlots.of(
            List.of(new PhysRange(0, 64 * MIB)), List.of(), NONE, 16 * MIB, 8 * MIB, ALIGN);
    Set<Long> seen = new HashSet<>();
    for (long seed = 0; seed < 1000; seed++) {
      seen.add(slots.choose(KaslrDraw.of(seed).physical()).orElseThrow());
    }
    assertThat(seen).hasSize((int) slots.count());
    assertThat(KaslrDraw.of(7)).isEqualTo(KaslrDraw.of(7)).isNotEqualTo(KaslrDraw.of(8));
  }

  @Test
  void minimumIsTheImagesPlaceUpTo512Mib() {
    List<PhysRange> memory = List.of(new PhysRange(0, 8 * GIB));
    assertThat(first(memory, 16 * MIB)).isEqualTo(16 * MIB);
    assertThat(first(memory, 17 * MIB)).isEqualTo(18 * MIB);
    assertThat(first(memory, 512 * MIB)).isEqualTo(512 * MIB);
    assertThat(first(memory, 6 * GIB)).isEqualTo(512 * MIB);
  }

  private static long first(List<PhysRange> memory, long output) {
    return KaslrSlots.of(memory, List.of(), NONE, output, MIB, ALIGN).areas().get(0).first();
  }

  @Test
  void gigabytePagesAreLeftOutFromTheFirstOn() {
    SplittableRandom random = new SplittableRandom(2);
    for (int round = 0; round < 2000; round++) {
      List<PhysRange> memory = new ArrayList<>();
      long at = 0;
      for (int i = 0; i < 3; i++) {
        at += random.nextInt(700) * MIB;
        long size = random.nextInt(4000) * MIB;
        memory.add(PhysRange.ofSize(at, size));
        at += size;
      }
      int pages = random.nextInt(6);
      List<AvoidedRegion> avoided =
          List.of(new AvoidedRegion(random.nextInt(6000) * MIB, random.nextInt(1, 50) * MIB));
      KaslrOptions options = KaslrOptions.of("hugepagesz=1G hugepages=" + pages, MAXMEM);

      KaslrSlots slots = KaslrSlots.of(memory, avoided, options, 16 * MIB, 30 * MIB, ALIGN);

      List<Long> expected = new ArrayList<>();
      List<PhysRange> pagesToKeep = gigabytePages(memory, avoided, 30 * MIB, pages);
      for (long slot : walk(memory, avoided, MAXMEM, 16 * MIB, 30 * MIB)) {
        PhysRange image = PhysRange.ofSize(slot, 30 * MIB);
        if (pagesToKeep.stream().noneMatch(image::overlaps)) {
          expected.add(slot);
        }
      }
      assertThat(addresses(slots)).isEqualTo(expected);
    }
  }

  /** The first so many whole pages of 1 GiB of what takes the image and is not avoided. */
  private static List<PhysRange> gigabytePages(
      List<PhysRange> memory, List<AvoidedRegion> avoided, long size, int pages) {
    List<PhysRange> kept = new ArrayList<>();
    PhysRangeSet out =
        PhysRangeSet.of(
                avoided.stream()
                    .map(region -> PhysRange.ofSize(region.start(), region.size()))
                    .toList())
            .union(PhysRangeSet.of(new PhysRange(0, 16 * MIB)));
    for (PhysRange free : out.cutOutOf(memory)) {
      long start = (free.start() + ALIGN - 1) / ALIGN * ALIGN;
      if (free.end() - start < size) {
        continue;
      }
      for (long page = (start + GIB - 1) / GIB * GIB; page + GIB <= free.end(); page += GIB) {
        if (kept.size() < pages) {
          kept.add(PhysRange.ofSize(page, GIB));
        }
      }
    }
    return kept;
  }

  @Test
  void noMoreThanAHundredAreasCount() {
    List<PhysRange> memory = new ArrayList<>();
    for (int i = 1; i <= 150; i++) {
      memory.add(PhysRange.ofSize(i * 64 * MIB, 32 * MIB));
    }
    KaslrSlots slots = KaslrSlots.of(memory, List.of(), NONE, 16 * MIB, 32 * MIB, ALIGN);
    assertThat(slots.areas()).hasSize(100);
    assertThat(slots.areas().get(99).first()).isEqualTo(100 * 64 * MIB);
  }

  @Test
  void optionsSwitchTheChoiceOff() {
    for (String line : List.of("nokaslr", "memmap=1M$1G,1M$2G,1M$3G,1M$4G,1M$5G", "mem=20M")) {
      KaslrSlots slots =
          KaslrSlots.of(
              List.of(new PhysRange(0, 8 * GIB)),
              List.of(),
              KaslrOptions.of(line, MAXMEM),
              16 * MIB,
              8 * MIB,
              ALIGN);
      assertThat(slots.count()).as(line).isZero();
      assertThat(slots.obstacle()).as(line).isPresent();
      assertThat(slots.choose(5)).as(line).isEmpty();
    }
  }

  @Test
  void regionsAtTheEndOfTheAddressSpaceComeToAnEnd() {
    SplittableRandom random = new SplittableRandom(4);
    for (int round = 0; round < 20_000; round++) {
      AvoidedRegion region =
          new AvoidedRegion(raw(random), random.nextBoolean() ? raw(random) : -raw(random));
      KaslrSlots slots =
          KaslrSlots.of(
              List.of(new PhysRange(0, 8 * GIB)), List.of(region), NONE, 16 * MIB, 8 * MIB, ALIGN);
      for (long slot : List.of(0L, 1L, -1L)) {
        slots
            .choose(slot)
            .ifPresent(
                start ->
                    assertThat(region.overlaps(start, start + 8 * MIB)).as("%s", region).isFalse());
      }
    }
  }

  private static long raw(SplittableRandom random) {
    return random.nextLong() >>> random.nextInt(64);
  }

  @Test
  void virtualOffsetsStayWithinTheWindow() {
    SplittableRandom random = new SplittableRandom(5);
    for (int round = 0; round < 2000; round++) {
      long size = 1 + random.nextLong(GIB + 64 * MIB);
      long count = 0;
      for (long at = 16 * MIB; at + size <= GIB; at += ALIGN) {
        count++;
      }
      assertThat(KaslrSlots.virtualSlots(size, ALIGN)).isEqualTo(count);
      long draw = random.nextLong();
      if (count == 0) {
        assertThat(KaslrSlots.virtualOffset(size, ALIGN, draw)).isEmpty();
      } else {
        assertThat(KaslrSlots.virtualOffset(size, ALIGN, draw))
            .hasValue(16 * MIB + Long.remainderUnsigned(draw, count) * ALIGN);
      }
    }
  }

  private static List<Long> addresses(KaslrSlots slots) {
    List<Long> addresses = new ArrayList<>();
    for (KaslrSlots.Area area : slots.areas()) {
      for (long i = 0; i < area.count(); i++) {
        addresses.add(area.first() + i * ALIGN);
      }
    }
    return addresses;
  }

  /** Every address that is a multiple of the alignment, tried. */
  private static List<Long> walk(
      List<PhysRange> memory, List<AvoidedRegion> avoided, long limit, long output, long size) {
    List<Long> slots = new ArrayList<>();
    long minimum = Math.min(output, 512 * MIB);
    long lowest = (minimum + ALIGN - 1) / ALIGN * ALIGN;
    if (lowest + size > limit) {
      return slots;
    }
    for (PhysRange range : memory) {
      for (long at = 0; at < range.end(); at += ALIGN) {
        boolean inside =
            at >= minimum && at >= range.start() && at + size <= Math.min(range.end(), limit);
        if (inside && isClear(avoided, at, size)) {
          slots.add(at);
        }
      }
    }
    return slots;
  }

  private static boolean isClear(List<AvoidedRegion> avoided, long start, long size) {
    for (AvoidedRegion region : avoided) {
      boolean before = start + size <= region.start();
      boolean behind = start >= region.start() + region.size();
      if (!before && !behind) {
        return false;
      }
    }
    return true;
  }

  private static List<PhysRange> memory(SplittableRandom random) {
    List<PhysRange> memory = new ArrayList<>();
    long at = 0;
    for (int i = random.nextInt(1, 6); i > 0; i--) {
      at += random.nextInt(3) == 0 ? 0 : random.nextLong(40 * MIB);
      long size = random.nextLong(120 * MIB);
      memory.add(PhysRange.ofSize(at, size));
      at += size;
    }
    return memory;
  }

  private static List<AvoidedRegion> avoided(SplittableRandom random) {
    List<AvoidedRegion> avoided = new ArrayList<>();
    for (int i = random.nextInt(1, 6); i > 0; i--) {
      long size = random.nextInt(5) == 0 ? 0 : random.nextLong(20 * MIB);
      avoided.add(new AvoidedRegion(random.nextLong(400 * MIB), size));
    }
    return avoided;
  }
}
