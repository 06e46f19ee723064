package io.github.kexecsim.model.efi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.SegmentRole;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the stub puts the kernel. */
class StubPlacementTest {
  private static final byte[] ZBOOT =
      EfiLoads.zboot(EfiLoads.kernel(900_000, 5), CompressionMethod.LZ4);

  private static EfiOutcome run(EfiOptions options, String commandLine) {
    return EfiSimulator.run(
        EfiPlan.of(EfiLoads.request(ZBOOT).withCommandLine(commandLine), options));
  }

  private static PhysRange kernel(EfiOutcome outcome) {
    return outcome.kernel().orElseThrow().range();
  }

  /** Whatever the machine and the seed, a plan that is made is one that works. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyPlanEndsInAKernelOfItsOwnPlace(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int made = 0;
    for (int i = 0; i < 40; i++) {
      LoadRequest request =
          LoadRequest.of(ByteView.of(ZBOOT), machine(random))
              .withCommandLine(random.nextInt(4) == 0 ? "nokaslr" : "quiet");
      if (random.nextBoolean()) {
        request = request.withInitrd(ByteView.of(new byte[1 + random.nextInt(3_000_000)]));
      }
      EfiOptions options =
          EfiOptions.DEFAULT
              .withRngSeed(random.nextLong())
              .withRandomizeBase(random.nextInt(4) != 0)
              .withMapChanges(random.nextInt(2));
      EfiPlan plan;
      try {
        plan = EfiPlan.of(request, options);
      } catch (KexecException e) {
        assertThat(e.reason()).isIn(Reason.NO_ROOM, Reason.TOO_LARGE_FOR_MEMORY);
        continue;
      }
      made++;
      EfiOutcome outcome = EfiSimulator.run(plan);
      assertThat(outcome.isSuccess()).as("%s", outcome).isTrue();
      PhysRange kernel = kernel(outcome);
      assertThat(kernel.start() % (64 << 10)).isZero();
      assertThat(plan.usable().contains(kernel)).isTrue();
      assertThat(plan.usable().contains(outcome.kernel().orElseThrow().fdt())).isTrue();
      assertThat(outcome.kernel().orElseThrow().fdt().overlaps(kernel)).isFalse();
      for (KexecSegment segment : plan.placed().segments()) {
        assertThat(segment.range().overlaps(kernel)).isFalse();
      }
      assertThat(outcome.work().peakAllocated()).isLessThanOrEqualTo(plan.reserveSize());
      assertThat(EfiSimulator.run(plan).events()).isEqualTo(outcome.events());
    }
    assertThat(made).isGreaterThan(5);
  }

  private static Machine machine(SplittableRandom random) {
    int pageSize = 4096 << 2 * random.nextInt(3);
    StringBuilder iomem = new StringBuilder();
    long at = (1 + random.nextLong(1 << 20)) * pageSize;
    for (int i = 0; i < 1 + random.nextInt(3); i++) {
      long size = (1 + random.nextLong(random.nextBoolean() ? 48 << 8 : 4 << 8)) * pageSize;
      iomem.append(String.format("%x-%x : System RAM\n", at, at + size - 1));
      at += size + (1 + random.nextLong(100)) * pageSize;
    }
    return new MachineBuilder(Architecture.ARM64)
        .pageSize(pageSize)
        .iomem(Iomem.parse(iomem.toString()))
        .build();
  }

  @Test
  void seedsChooseAmongManyPlaces() {
    Set<Long> places = new HashSet<>();
    for (long seed = 0; seed < 40; seed++) {
      places.add(kernel(run(EfiOptions.DEFAULT.withRngSeed(seed), "")).start());
    }
    assertThat(places).hasSizeGreaterThan(35);
    assertThat(new TreeSet<>(places).last() - new TreeSet<>(places).first())
        .isGreaterThan(EfiLoads.GIB / 2);
  }

  @Test
  void withoutKaslrTheHighestPlaceIsTaken() {
    PhysRange nokaslr = kernel(run(EfiOptions.DEFAULT, "quiet nokaslr"));
    assertThat(nokaslr.start() % (2 << 20)).isZero();
    assertThat(nokaslr.start()).isGreaterThan(EfiLoads.RAM + EfiLoads.GIB - (8 << 20));
    assertThat(kernel(run(EfiOptions.DEFAULT, "-- nokaslr"))).isNotEqualTo(nokaslr);
    PhysRange withoutRng = kernel(run(EfiOptions.DEFAULT.withoutRng(), ""));
    assertThat(withoutRng.start()).isGreaterThan(EfiLoads.RAM + EfiLoads.GIB - (8 << 20));
  }

  @Test
  void aKernelWithoutKaslrTakesTheLowestPlace() {
    EfiOutcome outcome = run(EfiOptions.DEFAULT.withRandomizeBase(false), "");
    assertThat(kernel(outcome).start()).isEqualTo(EfiLoads.RAM + (2 << 20));
    assertThat(EfiLoads.calls(outcome)).contains("GetRNG");
  }

  /** The 32 bits that GetRNG gives choose the slot, and nothing else does. */
  @Test
  void theSlotIsTheSeedsShareOfTheirNumber() throws Exception {
    EfiPlan plan = EfiPlan.of(EfiLoads.request(ZBOOT), EfiOptions.DEFAULT);
    StubRun run = new StubRun(plan, EfiSimulator.load(plan));
    StubLibrary stub = new StubLibrary(run, new EfiServices(run));
    long top = plan.rangeOf(SegmentRole.STACK).start();
    // The lowest page of the stack's hole is taken by the pool for the map.
    long free = top - 4096;
    long size = 1 << 20;
    long first = (plan.rangeOf(SegmentRole.KERNEL).end() + 0xffff) & -0x10000L;
    long slots = ((free - size & -0x10000L) - first >> 16) + 1;
    for (long seed : new long[] {0, 1, 0x8000_0000L, 0xffff_ffffL}) {
      EfiResult got = stub.randomAlloc(size, 0x10000, seed);
      assertThat(got.isSuccess()).isTrue();
      assertThat(got.get("memory")).isEqualTo(first + (slots * seed >>> 32 << 16));
      stub.free(size, got.get("memory"));
    }
  }
}
