package io.github.kexecsim.model.efi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.kaslr.KaslrCause;
import io.github.kexecsim.loader.kaslr.KaslrOutlook;
import io.github.kexecsim.loader.kaslr.Neighbour;
import io.github.kexecsim.loader.kaslr.PhysicalKaslr;
import io.github.kexecsim.loader.kaslr.Slots;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.model.sim.PhysMemory;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a stub's kernel may end up, against where the simulation puts it. */
class EfiKaslrTest {
  private static final long STEP = 64 << 10;
  private static final byte[] ZBOOT =
      EfiLoads.zboot(EfiLoads.kernel(700_000, 3), CompressionMethod.ZSTD);

  private static EfiPlan plan(byte[] image, String commandLine, EfiOptions options) {
    LoadRequest request =
        EfiLoads.request(image)
            .withInitrd(ByteView.of(new byte[100_000]))
            .withCommandLine(commandLine);
    return EfiPlan.of(request, options);
  }

  private static KaslrOutlook outlook(EfiPlan plan) {
    return plan.kaslr().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"tiny72-arm64-zstd.zboot", "tiny61-arm64-xz.zboot", "tiny61-arm64-lz4.zboot"})
  void ofARealImageItIsWhatTheSimulationDoes(String name) throws IOException {
    byte[] image = EfiLoads.realImage(name);
    Set<Long> chosen = new HashSet<>();
    for (String commandLine : List.of("quiet", "quiet nokaslr")) {
      for (long seed = 0; seed < 3; seed++) {
        EfiPlan plan = plan(image, commandLine, EfiOptions.DEFAULT.withRngSeed(seed));
        checkAgainstSimulation(plan);
        chosen.add(outlook(plan).physical().chosen().orElseThrow());
        assertThat(outlook(plan)).isEqualTo(outlook(plan));
      }
    }
    assertThat(chosen).hasSize(4);
  }

  @ParameterizedTest
  @CsvSource({"3, true", "3, false", "1, true", "1, false"})
  void ofAnyBuildItIsWhatTheSimulationDoes(int stubVersion, boolean randomizeBase) {
    byte[] image = EfiLoads.withStub(ZBOOT, stubVersion);
    for (long seed = 0; seed < 50; seed++) {
      EfiOptions options = EfiOptions.DEFAULT.withRandomizeBase(randomizeBase).withRngSeed(seed);
      checkAgainstSimulation(plan(image, "", options));
      checkAgainstSimulation(plan(image, "", options.withoutRng()));
    }
  }

  private static void checkAgainstSimulation(EfiPlan plan) {
    PhysMemory memory = EfiSimulator.load(plan);
    EfiOutcome outcome = EfiSimulator.execute(plan, memory);
    if (outcome.kernel().isEmpty()) {
      assertThat(plan.kaslr()).isEmpty();
      return;
    }
    KaslrOutlook outlook = outlook(plan);
    PhysRange kernel = outcome.kernel().get().range();
    assertThat(outlook.physical().chosen()).hasValue(kernel.start());
    assertThat(outlook.physical().slots().imageSize()).isEqualTo(kernel.size());
    assertThat(outlook.isSafeOnlyWithoutKaslr()).isFalse();
    long seed = seed(memory, outcome.kernel().get().fdt());
    if (outlook.virtual().cause().isRandomised()) {
      // Both versions add the seed's share to a quarter of the kernel's half of 2^48 addresses.
      assertThat(outlook.virtual().chosen().orElseThrow() % (2 << 20))
          .isEqualTo(kernel.start() % (2 << 20));
      assertThat(seed).isNotZero();
    }
    if (outlook.physical().cause().isRandomised()) {
      assertThat(outcome.events())
          .anyMatch(event -> event.toString().contains(places(outlook.physical().slots())));
    }
  }

  private static String places(Slots slots) {
    return String.format(
        "places=0x%x, lowest=0x%x, highest=0x%x", slots.count(), slots.lowest(), slots.highest());
  }

  private static long seed(PhysMemory memory, PhysRange fdt) {
    byte[] bytes = new byte[(int) fdt.size()];
    for (int i = 0; i < bytes.length; i++) {
      long address = fdt.start() + i;
      bytes[i] = (byte) memory.page(address).u8(address & (memory.pageSize() - 1));
    }
    return FlattenedDeviceTree.parse(ByteView.of(bytes))
        .node("/chosen")
        .orElseThrow()
        .property("kaslr-seed")
        .map(property -> property.value().u64be(0))
        .orElse(0L);
  }

  /** v6.1: the low 46 bits of the seed, behind a quarter of the kernel's addresses. */
  @Test
  void theOffsetIsMadeOfTheSeedThatTheStubHandsOver() throws IOException {
    EfiPlan plan =
        plan(EfiLoads.realImage("tiny61-arm64-lz4.zboot"), "", EfiOptions.DEFAULT.withRngSeed(7));
    PhysMemory memory = EfiSimulator.load(plan);
    EfiOutcome outcome = EfiSimulator.execute(plan, memory);
    long seed = seed(memory, outcome.kernel().orElseThrow().fdt());
    long offset = (1L << 45) + (seed & (1L << 46) - 1);
    long low = outcome.kernel().orElseThrow().range().start() & (2 << 20) - 1;
    assertThat(outlook(plan).virtual().chosen()).hasValue(offset & -(2L << 20) | low);
  }

  /** What is left out of all places is in use: by segments, or by a few pages of the stub's. */
  @Test
  void everyFreePlaceIsOneOfThem() {
    EfiPlan plan = plan(ZBOOT, "", EfiOptions.DEFAULT);
    Slots slots = outlook(plan).physical().slots();
    long found = 0;
    long beside = 0;
    for (long at = plan.usable().start(); at < plan.usable().end(); at += STEP) {
      PhysRange place = PhysRange.ofSize(at, slots.imageSize());
      boolean free =
          plan.usable().contains(place)
              && plan.placed().segments().stream()
                  .map(KexecSegment::range)
                  .noneMatch(place::overlaps);
      if (slots.contains(at)) {
        assertThat(free).isTrue();
        found++;
      } else if (free) {
        beside++;
      }
    }
    assertThat(slots.count()).isEqualTo(found);
    assertThat(beside).isLessThan(20);
  }

  @Test
  void nokaslrKeepsTheHighestPlaceAndTheLinkAddress() {
    PhysicalKaslr random = outlook(plan(ZBOOT, "", EfiOptions.DEFAULT)).physical();
    KaslrOutlook outlook = outlook(plan(ZBOOT, "nokaslr", EfiOptions.DEFAULT));
    assertThat(outlook.physical().cause()).isEqualTo(KaslrCause.NOKASLR);
    assertThat(outlook.virtual().cause()).isEqualTo(KaslrCause.NOKASLR);
    assertThat(outlook.physical().slots().lowest())
        .isBetween(random.slots().highest() - (2 << 20), random.slots().highest());
    assertThat(outlook(plan(ZBOOT, "", EfiOptions.DEFAULT.withoutRng())).physical().cause())
        .isEqualTo(KaslrCause.NO_SEED);
    assertThat(
            outlook(plan(ZBOOT, "", EfiOptions.DEFAULT.withRandomizeBase(false))).virtual().cause())
        .isEqualTo(KaslrCause.NOT_BUILT_IN);
  }

  @Test
  void whatIsInUseCannotBeHit() {
    assertThat(outlook(plan(ZBOOT, "", EfiOptions.DEFAULT)).neighbours())
        .extracting(Neighbour::what)
        .containsExactlyInAnyOrder("initrd", "dtb", "efi_services");
  }
}
