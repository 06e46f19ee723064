package io.github.kexecsim.loader;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers in headers that the loader passes over, and that analysis must not fall over. */
class HostileHeaderTest {
  private static final long[] VALUES = {
    0,
    1,
    -1,
    4095,
    4096,
    0x20_0000,
    0x100_0000,
    0x7fff_ffff,
    0x8000_0000L,
    0xffff_ffffL,
    PhysRange.LIMIT - 0x20_0000,
    PhysRange.LIMIT - 1,
    PhysRange.LIMIT,
    PhysRange.LIMIT + 1,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  /** Where the numbers stand that say how large an image is, and where it goes. */
  private static final Map<Architecture, List<Integer>> FIELDS =
      Map.of(
          Architecture.ARM64, List.of(8, 16, 24),
          Architecture.RISCV64, List.of(8, 16, 24),
          Architecture.LOONGARCH64, List.of(8, 16, 24),
          Architecture.X86_64, List.of(0x230, 0x248, 0x24c, 0x250, 0x258, 0x260));

  @ParameterizedTest
  @ValueSource(longs = {1L << 62, PhysRange.LIMIT - (2 << 20), PhysRange.LIMIT, -1})
  void aPreferredAddressBeyondMemoryIsAcceptedAsTheKernelDoes(long prefAddress) {
    ByteBuffer image = image(Architecture.X86_64).putLong(0x258, prefAddress);
    Machine machine = machine(Architecture.X86_64, new KernelVersion(6, 1));
    for (String commandLine : List.of("quiet", "nokaslr")) {
      LoadPlan plan = KexecFileLoader.load(request(image, machine).withCommandLine(commandLine));

      assertThat(plan.refusal()).isEmpty();
      assertThat(plan.kaslr()).isPresent();
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyHeaderHasAnAnswer(Architecture architecture) {
    SplittableRandom random = new SplittableRandom(61);
    List<Integer> fields = FIELDS.get(architecture);
    int loadable = 0;
    for (int round = 0; round < 400; round++) {
      ByteBuffer image = image(architecture);
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        int field = fields.get(random.nextInt(fields.size()));
        image.putLong(field, VALUES[random.nextInt(VALUES.length)]);
      }
      KernelVersion version = new KernelVersion(random.nextInt(6, 8), random.nextInt(20));
      LoadRequest request =
          request(image, machine(architecture, version))
              .withCommandLine(random.nextBoolean() ? "nokaslr" : "nohibernate");
      for (LoadPlan plan : List.of(KexecFileLoader.load(request), UserLoader.load(request))) {
        assertThat(plan.isLoadable()).isEqualTo(plan.kaslr().isPresent());
        loadable += plan.isLoadable() ? 1 : 0;
      }
    }
    assertThat(loadable).isPositive();
  }

  /** Both loaders put the kernel where it may move, and tell so. */
  @Test
  void theHazardOfKaslrIsToldWhoeverLoads() {
    ByteBuffer image = image(Architecture.X86_64);
    Machine machine =
        new MachineBuilder(Architecture.X86_64)
            .kernelVersion(new KernelVersion(6, 1))
            .iomem(Iomem.parse("01000000-3fffffff : System RAM\n  20000000-2fffffff : Reserved\n"))
            .build();
    LoadPlan kernels = KexecFileLoader.load(request(image, machine));
    String hazard = kernels.kaslr().orElseThrow().hazard().orElseThrow();

    assertThat(kernels.warnings()).contains(hazard);
    assertThat(UserLoader.load(request(image, machine)).warnings()).contains(hazard);
  }

  private static LoadRequest request(ByteBuffer image, Machine machine) {
    return LoadRequest.of(ByteView.of(image.array()), machine)
        .withInitrd(ByteView.of(new byte[5000]));
  }

  private static Machine machine(Architecture architecture, KernelVersion version) {
    return new MachineBuilder(architecture)
        .kernelVersion(version)
        .iomem(Iomem.parse("00200000-3fffffff : System RAM\n"))
        .build();
  }

  private static ByteBuffer image(Architecture architecture) {
    ByteBuffer image = ByteBuffer.allocate(0x2000).order(ByteOrder.LITTLE_ENDIAN);
    return switch (architecture) {
      case ARM64 -> with(image.putLong(16, 1 << 20).putLong(24, 0xa), 0x38, "ARMd");
      case RISCV64 ->
          with(image.putLong(8, 2 << 20).putLong(16, 1 << 20).putInt(32, 2), 0x38, "RSC\u0005");
      case LOONGARCH64 -> loongArch64(image);
      case X86_64 -> bzImage(image);
    };
  }

  private static ByteBuffer loongArch64(ByteBuffer image) {
    image.putLong(8, 2 << 20).putLong(16, 1 << 20).putLong(24, 2 << 20);
    image.putInt(0x38, 0x818223cd).putInt(0x3c, 0x40).putShort(0x44, (short) 0x6264);
    return with(with(image, 0, "MZ"), 0x40, "PE\0\0");
  }

  private static ByteBuffer bzImage(ByteBuffer image) {
    image.put(0x1f1, (byte) 4).putShort(0x1fe, (short) 0xaa55).put(0x201, (byte) 0x6a);
    image.putShort(0x206, (short) 0x20f).put(0x211, (byte) 1).putInt(0x230, 2 << 20);
    image.put(0x234, (byte) 1).putShort(0x236, (short) 0x7f).putInt(0x238, 2047);
    image.putInt(0x248, 0x40).putInt(0x24c, 0x100);
    image.putLong(0x258, 1 << 24).putInt(0x260, 1 << 20);
    return with(image, 0x202, "HdrS");
  }

  private static ByteBuffer with(ByteBuffer image, int offset, String text) {
    return image.put(offset, text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
