package io.github.kexecsim.loader.kaslr;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where kernels end up, by rules written down here once more and differently. */
class NextKernelTest {
  private static final long MIB = 1 << 20;
  private static final KernelVersion V6_1 = new KernelVersion(6, 1);
  private static final KernelVersion V6_18 = new KernelVersion(6, 18);
  private static final BigInteger TWO = BigInteger.TWO;

  @Test
  void arm64OffsetsAreThoseOfTheOldFormula() {
    LoadRequest request = LoadRequest.of(arm64Image(1), machine(Architecture.ARM64));
    for (long seed = 0; seed < 200; seed++) {
      VirtualKaslr virtual = kaslr(request.withSeed(seed), V6_1).virtual();

      BigInteger drawn = unsigned(new Random(seed).nextLong());
      BigInteger offset = TWO.pow(45).add(drawn.mod(TWO.pow(46)));
      assertThat(virtual.chosen()).hasValue(downTo2MiB(offset));
      assertThat(virtual.entropyBits()).isEqualTo(25);
    }
  }

  @Test
  void arm64OffsetsAreThoseOfTheNewFormula() {
    LoadRequest request = LoadRequest.of(arm64Image(1), machine(Architecture.ARM64));
    BigInteger vmallocEnd =
        TWO.pow(64).subtract(TWO.pow(30)).subtract(TWO.pow(41)).subtract(TWO.pow(23));
    BigInteger kimage = TWO.pow(64).subtract(TWO.pow(47)).add(TWO.pow(31));
    BigInteger range = vmallocEnd.subtract(kimage).divide(TWO);
    for (long seed = 0; seed < 200; seed++) {
      VirtualKaslr virtual = kaslr(request.withSeed(seed), V6_18).virtual();

      BigInteger drawn = unsigned(new Random(seed).nextLong());
      BigInteger offset = range.divide(TWO).add(range.multiply(drawn).shiftRight(64));
      assertThat(virtual.base()).isEqualTo(kimage.longValue());
      assertThat(virtual.chosen()).hasValue(downTo2MiB(offset));
    }
  }

  /** Smaller page structs' share in larger pages leaves more room. */
  @Test
  void arm64PageSizesOfTheImageDecideTheRange() {
    long small = arm64Range(1);
    assertThat(arm64Range(2)).isGreaterThan(small);
    assertThat(arm64Range(3)).isGreaterThan(arm64Range(2));
    assertThat(arm64Range(0)).isEqualTo(small);
  }

  private static long arm64Range(int pageSizeCode) {
    LoadRequest request = LoadRequest.of(arm64Image(pageSizeCode), machine(Architecture.ARM64));
    return kaslr(request, V6_18).virtual().highest();
  }

  @Test
  void arm64StaysWhereItIsAndHitsNothing() {
    LoadPlan plan =
        KexecFileLoader.load(
            LoadRequest.of(arm64Image(1), machine(Architecture.ARM64))
                .withInitrd(ByteView.of(new byte[5000])));

    KaslrOutlook outlook = plan.kaslr().orElseThrow();
    assertThat(outlook.physical().cause()).isEqualTo(KaslrCause.ENTERED_DIRECTLY);
    assertThat(outlook.physical().chosen()).hasValue(plan.placed().orElseThrow().kernelEntry());
    assertThat(outlook.neighbours()).extracting(Neighbour::what).containsExactly("initrd", "dtb");
    assertThat(outlook.isSafeOnlyWithoutKaslr()).isFalse();
    assertThat(outlook.isRandomised()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "ARM64, 6.1, xnokaslr, RANDOMISED",
    "ARM64, 6.1, nokaslrx, NOKASLR",
    "ARM64, 6.8, nokaslrx, NOKASLR",
    "ARM64, 6.9, nokaslrx, RANDOMISED",
    "ARM64, 6.9, nokaslr, NOKASLR",
    "RISCV64, 6.1, quiet, NOT_BUILT_IN",
    "RISCV64, 6.6, quiet, RANDOMISED",
    "RISCV64, 6.6, xnokaslrx, NOKASLR",
  })
  void theVersionAndTheCommandLineDecide(
      Architecture architecture, String version, String commandLine, KaslrCause cause) {
    LoadRequest request =
        LoadRequest.of(image(architecture), machine(architecture)).withCommandLine(commandLine);

    VirtualKaslr virtual = kaslr(request, KernelVersion.parse(version)).virtual();

    assertThat(virtual.cause()).isEqualTo(cause);
    assertThat(virtual.count() > 1).isEqualTo(cause.isRandomised());
  }

  @Test
  void riscv64OffsetsStayWithinOneGibibyte() {
    LoadRequest request = LoadRequest.of(riscv64Image(), machine(Architecture.RISCV64));
    BigInteger positions = BigInteger.valueOf((1024 * MIB - 12 * MIB) / (2 * MIB));
    for (long seed = 0; seed < 200; seed++) {
      VirtualKaslr virtual = kaslr(request.withSeed(seed), V6_18).virtual();

      BigInteger drawn = unsigned(new Random(seed).nextLong());
      assertThat(virtual.chosen()).hasValue(drawn.mod(positions).longValue() * 2 * MIB);
      assertThat(virtual.count()).isEqualTo(positions.longValue());
      assertThat(virtual.highest() + 12 * MIB).isLessThanOrEqualTo(1024 * MIB);
    }
  }

  @Test
  void loongArch64StaysWhereItSeesKexecFile() {
    KaslrOutlook outlook = loongArch("quiet", V6_18);

    assertThat(outlook.physical().cause()).isEqualTo(KaslrCause.KEXEC_FILE);
    assertThat(outlook.isSafeOnlyWithoutKaslr()).isFalse();
  }

  @Test
  void loongArch64FromBeforeItKnewMovesOntoTheInitrd() {
    KaslrOutlook outlook = loongArch("quiet", new KernelVersion(6, 17));

    assertThat(outlook.physical().cause()).isEqualTo(KaslrCause.RANDOMISED);
    assertThat(outlook.hits()).extracting(Neighbour::what).contains("initrd");
    assertThat(outlook.isSafeOnlyWithoutKaslr()).isTrue();
    assertThat(loongArch("nokaslr", new KernelVersion(6, 17)).isSafeOnlyWithoutKaslr()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "6.2, quiet, NOT_BUILT_IN",
    "6.18, nokaslr, NOKASLR",
    "6.18, noresume, RANDOMISED",
    "6.18, nohibernate, RANDOMISED",
    "6.18, resume=/dev/sda1, HIBERNATION",
    "6.18, noresume nokaslr, NOKASLR",
    "7.0, noresume, RANDOMISED",
    "7.1, noresume, PLACED_ELSEWHERE",
  })
  void loongArch64AsksForItsWordsInItsOrder(String version, String words, KaslrCause cause) {
    assertThat(loongArch(words, KernelVersion.parse(version)).physical().cause()).isEqualTo(cause);
  }

  /** A plan warns by itself, where the running kernel's version is the next one's. */
  @Test
  void aLoadThatIsSafeOnlyWithoutKaslrIsWarnedOf() {
    LoadRequest request =
        LoadRequest.of(loongArch64Image(), machine(Architecture.LOONGARCH64, V6_18))
            .withInitrd(ByteView.of(new byte[1 << 20]));

    LoadPlan safe = KexecFileLoader.load(request);
    assertThat(safe.kaslr().orElseThrow().hazard()).isEmpty();
    LoadPlan atRisk = KexecFileLoader.load(request.withCommandLine("noresume"));
    String hazard = atRisk.kaslr().orElseThrow().hazard().orElseThrow();
    assertThat(atRisk.warnings()).contains(hazard);
    assertThat(safe.warnings()).doesNotContain(hazard);
  }

  /** Every draw of the kernel's own code, against the places that are told. */
  @Test
  void loongArch64PlacesAreAllThatCanBeDrawn() {
    SplittableRandom random = new SplittableRandom(4);
    for (int round = 0; round < 100; round++) {
      long start = 2 * MIB * (1 + random.nextLong(100));
      long length = 0x200 * (1 + random.nextLong(20 * MIB / 0x200));
      Slots slots = loongArchSlots(start, length);

      Set<Long> drawn = new TreeSet<>();
      for (long draw = 0; draw < 256; draw++) {
        long offset = draw << 16 & (16 * MIB - 1);
        if (offset < length) {
          offset += length + 0xfffe & ~0xfffeL;
        }
        drawn.add(start + offset);
      }
      Set<Long> told = new TreeSet<>();
      for (long i = 0; i < slots.count(); i++) {
        told.add(slots.at(i));
      }
      assertThat(told).isEqualTo(drawn);
    }
  }

  private static Slots loongArchSlots(long start, long length) {
    KexecSegment kernel =
        new KexecSegment(SegmentRole.KERNEL, PhysRange.ofSize(start, length), 0, Optional.empty());
    PlacedLoad placed = new PlacedLoad(List.of(kernel), start, start, "", List.of(), List.of());
    Machine machine = machine(Architecture.LOONGARCH64);
    KaslrOutlook outlook =
        new NextKernel(placed, machine, new KernelVersion(6, 17)).outlook().orElseThrow();
    return outlook.physical().slots();
  }

  /** Of the crash region's own kernel nothing is asked: a loongarch64 kernel may leave it. */
  @Test
  void loongArch64MayLeaveMemory() {
    Machine machine =
        new MachineBuilder(Architecture.LOONGARCH64)
            .kernelVersion(V6_18)
            .iomem(Iomem.parse("00200000-00ffffff : System RAM\n"))
            .build();
    LoadRequest request = LoadRequest.of(loongArch64Image(), machine).withCommandLine("noresume");

    assertThat(kaslr(request, V6_18).hits()).extracting(Neighbour::what).contains("no System RAM");
  }

  private static KaslrOutlook loongArch(String commandLine, KernelVersion next) {
    return kaslr(
        LoadRequest.of(loongArch64Image(), machine(Architecture.LOONGARCH64))
            .withInitrd(ByteView.of(new byte[1 << 20]))
            .withCommandLine(commandLine),
        next);
  }

  private static KaslrOutlook kaslr(LoadRequest request, KernelVersion next) {
    LoadPlan plan = KexecFileLoader.load(request.withType(LoadType.DEFAULT));
    assertThat(plan.refusal()).isEmpty();
    return plan.kaslr(next).orElseThrow();
  }

  private static long downTo2MiB(BigInteger offset) {
    return offset.shiftRight(21).shiftLeft(21).longValueExact();
  }

  private static BigInteger unsigned(long value) {
    return new BigInteger(Long.toUnsignedString(value));
  }

  private static Machine machine(Architecture architecture) {
    return machine(architecture, KernelVersion.NEWEST_RECORDED);
  }

  /** The running kernel holds the lowest memory, where this one was linked for. */
  private static Machine machine(Architecture architecture, KernelVersion version) {
    return new MachineBuilder(architecture)
        .kernelVersion(version)
        .iomem(Iomem.parse("00200000-3fffffff : System RAM\n  00200000-00ffffff : Kernel code\n"))
        .build();
  }

  private static ByteView image(Architecture architecture) {
    return architecture == Architecture.ARM64 ? arm64Image(1) : riscv64Image();
  }

  private static ByteView arm64Image(int pageSizeCode) {
    ByteBuffer image = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    image.putLong(16, 12 * MIB).putLong(24, pageSizeCode << 1 | 8);
    return withMagic(image, 0x38, "ARMd");
  }

  private static ByteView riscv64Image() {
    ByteBuffer image = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    image.putLong(8, 2 * MIB).putLong(16, 12 * MIB).putInt(32, 2);
    return withMagic(image, 0x38, "RSC\u0005");
  }

  private static ByteView loongArch64Image() {
    ByteBuffer image = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0, (byte) 'M').put(1, (byte) 'Z');
    image.putLong(8, 2 * MIB).putLong(16, 2 * MIB).putLong(24, 2 * MIB);
    image.putInt(0x38, 0x818223cd).putInt(0x3c, 0x40).putShort(0x44, (short) 0x6264);
    return withMagic(image, 0x40, "PE\0\0");
  }

  private static ByteView withMagic(ByteBuffer image, int offset, String magic) {
    image.put(offset, magic.getBytes(StandardCharsets.ISO_8859_1));
    return ByteView.of(image.array());
  }
}
