package io.github.kexecsim.model.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.UserLoader;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.memory.Resource;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.model.RandomLoads;
import io.github.kexecsim.model.RelocationPlan;
import io.github.kexecsim.model.kimage.PageSource;
import io.github.kexecsim.model.sim.Outcome;
import io.github.kexecsim.model.sim.Simulator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is loaded, if it is loadable it comes right, whichever pages it is held on. */
class SimulationFuzzTest {
  private static final int MAX_PAGES = 8192;
  private static final int MAX_FILE_PAGES = 16;
  private static final int PAGE = 4096;
  private static final int CHOICES = 24;

  private static final List<KernelVersion> VERSIONS =
      Stream.of("6.1", "6.7", "6.12", "6.14", "7.2").map(KernelVersion::parse).toList();

  static List<byte[]> choices() {
    List<byte[]> seeds = new ArrayList<>();
    for (byte architecture = 0; architecture < Architecture.values().length; architecture++) {
      for (byte variant = 0; variant < 8; variant++) {
        byte[] seed = new byte[CHOICES];
        seed[0] = architecture;
        seed[1] = (byte) (variant % VERSIONS.size());
        seed[3] = (byte) (variant & 1);
        seed[5] = 1;
        seed[7] = (byte) 0xff;
        seed[8] = 0x0f;
        seed[12] = (byte) (variant >> 1);
        seed[15] = 40;
        seed[17] = 4;
        seeds.add(seed);
      }
    }
    return seeds;
  }

  @MethodSource("choices")
  @FuzzTest
  void kernel(byte[] data) {
    load(data, KexecFileLoader::load);
  }

  @MethodSource("choices")
  @FuzzTest
  void user(byte[] data) {
    load(data, UserLoader::load);
  }

  private static void load(byte[] data, Function<LoadRequest, LoadPlan> loader) {
    Choices choices = new Choices(data);
    Machine machine = machine(choices);
    PageSource source = RandomLoads.sources(choices.u8()).get(choices.u8() % 5);
    LoadType type = choices.u8() % 4 == 3 ? LoadType.CRASH : LoadType.DEFAULT;
    LoadRequest request =
        LoadRequest.of(ByteView.of(image(machine, choices)), machine)
            .withType(type)
            .withCommandLine("x".repeat(choices.u8()));
    int initrd = choices.u16();
    LoadPlan plan =
        loader.apply(initrd == 0 ? request : request.withInitrd(ByteView.of(new byte[initrd])));
    if (plan.isLoadable()) {
      simulate(plan, source);
    }
  }

  private static void simulate(LoadPlan plan, PageSource source) {
    Machine machine = plan.request().machine();
    PlacedLoad placed = plan.placed().orElseThrow();
    RelocationPlan relocation;
    try {
      relocation = RelocationPlan.of(machine, placed, plan.request().type(), source);
    } catch (KexecException e) {
      if (e.reason() != (entersSegment(placed) ? Reason.NO_MEMORY : Reason.BAD_SEGMENT)) {
        throw e;
      }
      return;
    }
    Outcome outcome = Simulator.run(relocation);
    assertThat(outcome.isSuccess()).as("%s", outcome).isTrue();
    assertThat(relocation.controlPages())
        .noneMatch(
            page -> placed.segments().stream().anyMatch(segment -> segment.range().overlaps(page)));
  }

  /** On loongarch64 the image's header says where it is entered, and no kernel checks that. */
  private static boolean entersSegment(PlacedLoad placed) {
    return placed.segments().stream().anyMatch(s -> s.range().contains(placed.entry()));
  }

  /** Up to four ranges of altogether {@link #MAX_PAGES} pages or so. */
  private static Machine machine(Choices choices) {
    Architecture architecture = Architecture.values()[choices.u8() % Architecture.values().length];
    MachineBuilder builder =
        new MachineBuilder(architecture)
            .kernelVersion(VERSIONS.get(choices.u8() % VERSIONS.size()))
            .pageSize(
                architecture == Architecture.ARM64 || architecture == Architecture.LOONGARCH64
                    ? PAGE << 2 * (choices.u8() % 3)
                    : PAGE);
    List<Resource> ram = new ArrayList<>();
    long at = 0;
    int count = 1 + choices.u8() % 4;
    for (int i = 0; i < count; i++) {
      at += (long) choices.u16() * PAGE;
      long pages = 1 + choices.u16() % (MAX_PAGES / count);
      PhysRange range = PhysRange.ofSize(at, pages * PAGE);
      ram.add(new Resource(range, Resource.SYSTEM_RAM, List.of()));
      at = range.end();
    }
    builder.iomem(new Iomem(ram, List.of()));
    PhysRange first = ram.get(0).range();
    long crash = first.start() + choices.u8() * (first.size() / 256 & -PAGE);
    return builder.build().withCrashRegion(new PhysRange(crash, first.end()));
  }

  /** An image of the machine's architecture, with the fields that decide where it goes. */
  private static byte[] image(Machine machine, Choices choices) {
    int memory = choices.u16() % (MAX_PAGES / 2) * PAGE + 0x800;
    int filePages = 1 + choices.u8() % MAX_FILE_PAGES;
    int shift = choices.u8();
    ByteBuffer out = ByteBuffer.allocate(filePages * PAGE).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < out.capacity(); i += PAGE) {
      out.putInt(i + 64, choices.u8() + i);
    }
    switch (machine.architecture()) {
      case ARM64 -> {
        out.putLong(8, (long) shift << 12).putLong(16, memory).putLong(24, 0x8);
        out.putInt(56, 0x644d_5241);
      }
      case RISCV64 -> {
        out.putLong(8, 1L << (shift % 12 + 12)).putLong(16, memory).putInt(32, 2);
        out.putInt(48, 0x4353_4952).putInt(52, 'V').putInt(56, 0x0543_5352);
      }
      case LOONGARCH64 -> {
        out.putShort(0, (short) 0x5a4d).putLong(8, 0x200000).putLong(16, memory);
        out.putLong(24, (long) shift << 14).putInt(56, 0x8182_23cd).putInt(60, 64);
        out.putInt(64, 0x4550).putShort(68, (short) 0x6264);
      }
      case X86_64 -> {
        out.put(0x1f1, (byte) 1).putShort(0x1fe, (short) 0xaa55).putShort(0x200, (short) 0x6aeb);
        out.putInt(0x202, 0x5372_6448).putShort(0x206, (short) 0x20f).put(0x211, (byte) 1);
        out.putInt(0x22c, 0x7fff_ffff).putInt(0x230, 1 << (shift % 12 + 12));
        out.put(0x234, (byte) 1).put(0x235, (byte) 21).putShort(0x236, (short) 0x7f);
        out.putInt(0x238, 2047).putLong(0x258, (long) shift << 16).putInt(0x260, memory);
      }
    }
    return out.array();
  }

  /** A fuzzer's input, taken from the front; zeros behind its end. */
  private static final class Choices {
    private final byte[] bytes;
    private int at;

    Choices(byte[] bytes) {
      this.bytes = bytes;
    }

    int u8() {
      return at < bytes.length ? bytes[at++] & 0xff : 0;
    }

    int u16() {
      return u8() | u8() << 8;
    }
  }
}
