package io.github.kexecsim.loader;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.kaslr.KaslrCause;
import io.github.kexecsim.loader.kaslr.KaslrOutlook;
import io.github.kexecsim.loader.kaslr.PhysicalKaslr;
import io.github.kexecsim.loader.kaslr.Slots;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.KernelVersion;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.uki.UkiBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the stubs of real images put their kernels when firmware has loaded them. */
class FirmwareOutlookTest {
  private static final long STEP = 64 << 10;
  private static final long MIB = 1 << 20;

  private static ByteView realImage(String name) throws IOException {
    Path file = Path.of(System.getProperty("kexecsim.images", "absent"), name);
    Assumptions.assumeTrue(
        Files.isRegularFile(file), "skipped: no real images beside the checkout");
    return ByteView.of(Files.readAllBytes(file));
  }

  private static LoadRequest request(ByteView image, KernelVersion version) {
    Architecture architecture = ImageProbe.parse(image).architecture().orElseThrow();
    Machine machine =
        new MachineBuilder(architecture)
            .iomem(Iomem.parse("00200000-0fffffff : System RAM\n40000000-5fffefff : System RAM\n"))
            .kernelVersion(version)
            .build();
    return LoadRequest.of(image, machine);
  }

  private static LoadRequest request(String name) throws IOException {
    return request(realImage(name), new KernelVersion(6, 6));
  }

  private static Optional<KaslrOutlook> find(LoadRequest request) {
    return FirmwareLoader.load(request).plan().kaslr();
  }

  private static KaslrOutlook outlook(LoadRequest request) {
    return find(request).orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tiny72-arm64.Image",
        "tiny72-arm64-zstd.zboot",
        "tiny61-arm64-xz.zboot",
        "tiny61-arm64-lz4.zboot"
      })
  void anArm64StubTakesAnyFreePlace(String name) throws IOException {
    LoadRequest request = request(name);
    PhysRange image = FirmwareLoader.load(request).mapped().orElseThrow().range();
    Set<Long> chosen = new HashSet<>();
    for (long seed = 0; seed < 20; seed++) {
      KaslrOutlook outlook = outlook(request.withSeed(seed));
      PhysicalKaslr physical = outlook.physical();
      assertThat(physical.cause()).isEqualTo(KaslrCause.RANDOMISED);
      assertThat(outlook.virtual().cause()).isEqualTo(KaslrCause.RANDOMISED);
      assertThat(outlook.isSafeOnlyWithoutKaslr()).isFalse();
      assertThat(outlook(request.withSeed(seed))).isEqualTo(outlook);
      chosen.add(physical.chosen().orElseThrow());
    }
    assertThat(chosen).hasSize(20);

    Slots slots = outlook(request).physical().slots();
    long beside = 0;
    for (PhysRange ram : request.machine().ranges()) {
      for (long at = ram.start(); at < ram.end(); at += STEP) {
        PhysRange place = PhysRange.ofSize(at, slots.imageSize());
        boolean isFree = ram.contains(place) && !place.overlaps(image);
        assertThat(slots.contains(at) && !isFree).isFalse();
        beside += isFree && !slots.contains(at) ? 1 : 0;
      }
    }
    // A stub of v6.1 has the kernel mapped once more, below its own image.
    long inner = name.contains("61") ? 2 * slots.imageSize() / STEP + 2 : 0;
    assertThat(beside).isBetween(inner / 4, inner);
  }

  @ParameterizedTest
  @CsvSource({"tiny72-arm64.Image", "tiny72-arm64-zstd.zboot", "tiny61-arm64-lz4.zboot"})
  void nokaslrKeepsAnArm64KernelAtTheTop(String name) throws IOException {
    KaslrOutlook outlook = outlook(request(name).withCommandLine("quiet nokaslr"));
    assertThat(outlook.isRandomised()).isFalse();
    assertThat(outlook.physical().cause()).isEqualTo(KaslrCause.NOKASLR);
    assertThat(outlook.physical().slots().lowest() % (2 * MIB)).isZero();
    assertThat(outlook.physical().slots().lowest()).isGreaterThan(0x5c00_0000L);
    assertThat(outlook(request(name).withCommandLine("-- nokaslr")).physical().cause())
        .isEqualTo(KaslrCause.RANDOMISED);
  }

  @Test
  void theKernelInAUkiIsToldWhatTheUkiSays() throws IOException {
    byte[] kernel = realImage("tiny72-arm64-zstd.zboot").toByteArray();
    UkiBuilder uki = UkiBuilder.of(PeMachine.ARM64).section(".linux", kernel);
    KernelVersion version = new KernelVersion(6, 6);
    KaslrOutlook random = outlook(request(uki.view(), version));
    assertThat(random.physical().cause()).isEqualTo(KaslrCause.RANDOMISED);
    LoadRequest quiet = request(uki.section(".cmdline", "nokaslr").view(), version);
    assertThat(outlook(quiet).physical().cause()).isEqualTo(KaslrCause.NOKASLR);
    assertThat(outlook(quiet.withCommandLine("quiet")).physical().cause())
        .isEqualTo(KaslrCause.RANDOMISED);
  }

  @Test
  void anX86StubOfOurTimeTakesAnyPlaceFrom16MiB() throws IOException {
    LoadRequest request = request("deb612-cloud-amd64.bzImage");
    KaslrOutlook outlook = outlook(request);
    Slots slots = outlook.physical().slots();
    assertThat(outlook.physical().cause()).isEqualTo(KaslrCause.RANDOMISED);
    assertThat(outlook.physical().chosen()).isEmpty();
    assertThat(outlook.virtual().chosen()).isEmpty();
    assertThat(slots.lowest()).isEqualTo(16 * MIB);
    assertThat(slots.align()).isEqualTo(2 * MIB);
    for (String word : new String[] {"nokaslr", "memmap=1M@2M", "quiet mem=1G"}) {
      PhysicalKaslr physical = outlook(request.withCommandLine(word)).physical();
      assertThat(physical.cause().isRandomised()).isFalse();
      assertThat(physical.chosen()).hasValue(slots.at(0));
    }
    ByteView image = request.image();
    assertThat(find(request(image, new KernelVersion(6, 5)))).isEmpty();
  }

  @Test
  void aLoongArchStubPutsTheKernelWhereItWasLinkedOrAbove() throws IOException {
    ByteView image = realImage("deb72-loong64.zboot");
    KaslrOutlook drawn = outlook(request(image, new KernelVersion(7, 2)));
    assertThat(drawn.physical().cause()).isEqualTo(KaslrCause.RANDOMISED);
    assertThat(drawn.physical().slots().lowest()).isEqualTo(2 * MIB + STEP);
    assertThat(drawn.physical().slots().highest()).isEqualTo(18 * MIB + STEP);
    assertThat(drawn.physical().chosen()).isEmpty();

    KaslrOutlook moves = outlook(request(image, new KernelVersion(6, 15)));
    assertThat(moves.physical().cause()).isEqualTo(KaslrCause.RANDOMISED);
    assertThat(moves.physical().slots().lowest()).isGreaterThan(2 * MIB);
    LoadRequest quiet = request(image, new KernelVersion(7, 2)).withCommandLine("nokaslr");
    assertThat(outlook(quiet).physical().chosen()).hasValue(2 * MIB);
  }

  /** Whatever a header says, nothing is thrown, and what is told agrees with itself. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "tiny72-arm64.Image",
        "tiny72-arm64-zstd.zboot",
        "tiny61-arm64-lz4.zboot",
        "deb612-cloud-amd64.bzImage"
      })
  void aDamagedHeaderGivesAnOutlookOrNone(String name) throws IOException {
    LoadRequest request = request(name);
    byte[] whole = request.image().toByteArray();
    SplittableRandom random = new SplittableRandom(9);
    int told = 0;
    for (int round = 0; round < 150; round++) {
      byte[] image = whole.clone();
      for (int i = 0; i < 1 + random.nextInt(3); i++) {
        image[random.nextInt(0x300)] = (byte) random.nextInt();
      }
      LoadRequest damaged = LoadRequest.of(ByteView.of(image), request.machine());
      told += find(damaged.withSeed(round)).isPresent() ? 1 : 0;
    }
    assertThat(told).isPositive();
  }

  @Test
  void otherStrategiesAreToldWhatTheyWereToldBefore() throws IOException {
    LoadRequest request = request("tiny72-arm64.Image");
    assertThat(KexecFileLoader.load(request).kaslr().orElseThrow().physical().cause())
        .isEqualTo(KaslrCause.ENTERED_DIRECTLY);
  }
}
