package io.github.kexecsim.loader.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.Refusal;
import io.github.kexecsim.loader.UserLoader;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.SampleTrees;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.PhysRangeSet;
import io.github.kexecsim.loader.memory.Resource;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRules;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Any file on any machine: a refusal, or a plan that keeps to its own rules. */
class LoadFuzzTest {
  private static final Limits LIMITS =
      Limits.DEFAULT.with(Limit.LAYERS, 3).with(Limit.DECOMPRESSED, 1 << 20);

  /** Layers as in {@link ImageFuzzTest}, and what is handed over beside the kernel. */
  private static final long ALLOCATION = 80 << 20;

  private static final List<KernelVersion> VERSIONS =
      Stream.of("5.10", "6.1", "6.7", "6.12", "6.14", "7.2").map(KernelVersion::parse).toList();

  private static final int CHOICES = 16;

  static List<byte[]> loads() {
    List<byte[]> loads = new ArrayList<>();
    for (byte[] image : Seeds.images()) {
      for (int architecture = 0; architecture < Architecture.values().length; architecture++) {
        int[] choices = new int[CHOICES];
        choices[0] = architecture;
        choices[1] = 5;
        choices[5] = 1;
        choices[8] = 0xff;
        loads.add(FuzzBytes.of(image, choices));
      }
    }
    return loads;
  }

  @MethodSource("loads")
  @FuzzTest
  void kernel(byte[] data) {
    load(data, KexecFileLoader::load);
  }

  @MethodSource("loads")
  @FuzzTest
  void user(byte[] data) {
    load(data, UserLoader::load);
  }

  private static void load(byte[] data, Function<LoadRequest, LoadPlan> loader) {
    Bounds.read(2 << 20, () -> request(new FuzzBytes(data)))
        .ifPresent(
            request -> {
              LoadPlan plan = Bounds.read(ALLOCATION, () -> loader.apply(request)).orElseThrow();
              check(plan);
              LoadPlan again = loader.apply(request);
              assertThat(again.placed()).isEqualTo(plan.placed());
              assertThat(again.refusal().map(Refusal::reason))
                  .isEqualTo(plan.refusal().map(Refusal::reason));
            });
  }

  private static LoadRequest request(FuzzBytes input) {
    Machine machine = machine(input);
    LoadType type = input.flag() ? LoadType.CRASH : LoadType.DEFAULT;
    String commandLine = "x".repeat(input.u8() * 16);
    int initrd = input.u16();
    LoadRequest request =
        LoadRequest.of(input.restView(), machine)
            .withCommandLine(commandLine)
            .withType(type)
            .withLimits(LIMITS);
    return initrd == 0 ? request : request.withInitrd(ByteView.of(new byte[initrd]));
  }

  /** Choices of {@link #CHOICES} bytes where there is one range. */
  private static Machine machine(FuzzBytes input) {
    MachineBuilder builder = new MachineBuilder(input.pick(List.of(Architecture.values())));
    builder.kernelVersion(input.pick(VERSIONS));
    builder.pageSize(4096 << 2 * (input.u8() % 3));
    if (input.flag()) {
      builder.deviceTree(ByteView.of(SampleTrees.machine()));
    }
    List<Resource> resources = new ArrayList<>();
    long at = 0;
    for (int count = input.u8() % 8; count >= 0; count--) {
      at += (long) input.u16() << 12;
      PhysRange range = PhysRange.ofSize(at, 1 + ((long) input.u16() << 12));
      resources.add(new Resource(range, Resource.SYSTEM_RAM, List.of()));
      at = range.end();
    }
    builder.iomem(new Iomem(resources, List.of()));
    long crash = (long) input.u16() << 16;
    return builder.build().withCrashRegion(PhysRange.ofSize(crash, 64 << 20));
  }

  private static void check(LoadPlan plan) {
    plan.warnings().forEach(Bounds::checkPrintable);
    plan.refusal().map(Refusal::cause).ifPresent(Bounds::checkTold);
    plan.placed().ifPresent(placed -> check(plan.request(), placed));
  }

  private static void check(LoadRequest request, PlacedLoad placed) {
    Machine machine = request.machine();
    SegmentRules.check(machine, request.type(), placed.segments());
    PhysRangeSet memory =
        request.type() == LoadType.CRASH
            ? PhysRangeSet.of(machine.crashRegion().orElseThrow())
            : PhysRangeSet.of(machine.ranges());
    for (KexecSegment segment : placed.segments()) {
      assertThat(memory.contains(segment.range())).as(segment.toString()).isTrue();
    }
    // A loongarch64 image says itself where it is entered, and no kernel checks that.
    if (machine.architecture() != Architecture.LOONGARCH64) {
      assertThat(placed.segments()).anyMatch(s -> s.range().contains(placed.entry()));
    }
    placed.warnings().forEach(Bounds::checkPrintable);
  }
}
