package io.github.kexecsim.loader.kaslr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.kexecsim.loader.KexecFileLoader;
import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.Placement;
import io.github.kexecsim.loader.place.PlacementRequest;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.record.RecordedLoad;
import io.github.kexecsim.loader.record.RecordedLoads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Where bzImages that real kernels loaded may end up, and raw images by the RFC. */
class X86KaslrTest {
  private static final Path RECORDINGS =
      Path.of(System.getProperty("kexecsim.recordedLoads", "absent"));
  private static final Path IMAGES = Path.of(System.getProperty("kexecsim.images", "absent"));

  @TestFactory
  Stream<DynamicTest> recordedLoadsHitNothingTheyNeed() throws IOException {
    assumeTrue(Files.isDirectory(RECORDINGS), "skipped: no recorded loads beside the checkout");
    try (Stream<Path> files = Files.list(RECORDINGS)) {
      return files
          .filter(file -> file.getFileName().toString().matches("x86-.*\\.json"))
          .sorted()
          .map(X86KaslrTest::read)
          .toList()
          .stream()
          .flatMap(X86KaslrTest::tests);
    }
  }

  private static Stream<DynamicTest> tests(RecordedLoads recording) {
    return recording.loads().stream()
        .filter(load -> load.result().equals(RecordedLoad.OK))
        .map(
            load ->
                DynamicTest.dynamicTest(
                    recording.name() + " " + load.name(), () -> check(recording, load)));
  }

  private static void check(RecordedLoads recording, RecordedLoad load) {
    Machine machine = recording.machine();
    Set<Long> chosen = new HashSet<>();
    for (long seed = 0; seed < 20; seed++) {
      PlacedLoad placed = place(recording, load, seed);
      KaslrOutlook outlook = NextKernel.of(placed, machine).outlook().orElseThrow();
      PhysicalKaslr physical = outlook.physical();

      assertThat(outlook.isSafeOnlyWithoutKaslr()).isFalse();
      PhysRange image =
          PhysRange.ofSize(physical.chosen().orElseThrow(), physical.slots().imageSize());
      if (physical.cause().isRandomised()) {
        assertThat(image.start() % (2 << 20)).isZero();
        assertThat(placed.e820())
            .anyMatch(entry -> entry.type() == E820Entry.RAM && entry.range().contains(image));
        for (KexecSegment segment : placed.segments()) {
          boolean isNeeded =
              segment.role() != SegmentRole.PURGATORY && segment.role() != SegmentRole.KERNEL;
          assertThat(isNeeded && segment.range().overlaps(image)).as("%s", segment).isFalse();
        }
      }
      chosen.add(image.start());
    }
    // With an EFI memory map of runtime regions the decompressor finds no RAM.
    assertThat(chosen.size() > 1)
        .as("places %s", chosen)
        .isEqualTo(machine.efiRuntimeMapSize() == 0 && isRoomy(machine, load));
  }

  /** A crash kernel may have one slot only. */
  private static boolean isRoomy(Machine machine, RecordedLoad load) {
    return load.type() == LoadType.DEFAULT
        || machine.crashRegion().orElseThrow().size() > 128L << 20;
  }

  private static PlacedLoad place(RecordedLoads recording, RecordedLoad load, long seed) {
    return Placement.of(Architecture.X86_64)
        .place(
            new PlacementRequest(
                recording.machine(),
                recording.kernels().get(load.kernel()),
                load.initrdSize().stream().mapToObj(FileContent::ofSize).findFirst(),
                load.commandLine(),
                load.type(),
                seed));
  }

  @Test
  void distributionKernelOnARecordedMachine() throws IOException {
    Path file = IMAGES.resolve("deb612-cloud-amd64.bzImage");
    assumeTrue(Files.isRegularFile(file), "no folder of real images (kexecsim.images)");
    assumeTrue(Files.isDirectory(RECORDINGS), "skipped: no recorded loads beside the checkout");
    Machine machine = read(RECORDINGS.resolve("x86-bios-1g-612.json")).machine();
    LoadRequest request = LoadRequest.of(ByteView.of(Files.readAllBytes(file)), machine);

    KaslrOutlook outlook = outlook(request);
    // The payload's 0x36e802c bytes, rounded up to 2 MiB.
    assertThat(outlook.physical().slots().imageSize()).isEqualTo(0x380_0000);
    assertThat(outlook.physical().slots().align()).isEqualTo(0x20_0000);
    // The image was placed higher than 512 MiB, which is as low as it goes then.
    assertThat(outlook.physical().slots().lowest()).isEqualTo(0x2000_0000);
    assertThat(outlook.virtual().count())
        .isEqualTo(1 + (0x4000_0000 - 0x100_0000 - 0x380_0000) / 0x20_0000);
    assertThat(outlook(request.withSeed(1)).physical().chosen())
        .isNotEqualTo(outlook.physical().chosen());

    KaslrOutlook still = outlook(request.withCommandLine("nokaslr"));
    assertThat(still.isRandomised()).isFalse();
    assertThat(still.physical().cause()).isEqualTo(KaslrCause.NOKASLR);
    KaslrOutlook full = outlook(request.withCommandLine("mem=32M"));
    assertThat(full.physical().cause()).isEqualTo(KaslrCause.NO_PLACE);
    assertThat(full.virtual().cause()).isEqualTo(KaslrCause.RANDOMISED);
  }

  /** The initrd follows into one of the places that another seed would have chosen. */
  @Test
  void aRawImageThatTheLoaderMovedHitsNothing() {
    Machine machine =
        new MachineBuilder(Architecture.X86_64)
            .iomem(Iomem.parse("01000000-07ffffff : System RAM\n"))
            .build();
    LoadRequest request =
        LoadRequest.of(rawImage(), machine).withInitrd(ByteView.of(new byte[20 << 20]));
    Set<Long> chosen = new HashSet<>();
    for (long seed = 0; seed < 20; seed++) {
      LoadPlan plan = KexecFileLoader.load(request.withSeed(seed));
      KaslrOutlook outlook = plan.kaslr().orElseThrow();
      Neighbour initrd =
          outlook.neighbours().stream()
              .filter(neighbour -> neighbour.what().equals("initrd"))
              .findFirst()
              .orElseThrow();

      assertThat(outlook.physical().slots().count()).isGreaterThan(1);
      assertThat(outlook.physical().slots().canHit(initrd.range())).isTrue();
      assertThat(initrd.canBeHit()).isFalse();
      assertThat(outlook.hazard()).isEmpty();
      chosen.add(outlook.physical().chosen().orElseThrow());
    }
    assertThat(chosen).hasSizeGreaterThan(5);
  }

  /** Reserved memory inside RAM, where this seed puts the kernel, or another would. */
  @Test
  void aRawImageHitsWhatLiesWhereItIs() {
    Machine machine =
        new MachineBuilder(Architecture.X86_64)
            .iomem(Iomem.parse("01000000-01bfffff : System RAM\n  01000000-010fffff : Reserved\n"))
            .build();
    Set<Boolean> seen = new HashSet<>();
    for (long seed = 0; seed < 20; seed++) {
      KaslrOutlook outlook = outlook(LoadRequest.of(rawImage(), machine).withSeed(seed));
      long place = outlook.physical().chosen().orElseThrow();
      assertThat(outlook.isSafeOnlyWithoutKaslr()).isEqualTo(place < 0x110_0000);
      seen.add(outlook.isSafeOnlyWithoutKaslr());
    }
    assertThat(seen).containsExactlyInAnyOrder(true, false);
  }

  /** 4 MiB of a raw image without relocations, by the RFC of 2023. */
  private static ByteView rawImage() {
    ByteBuffer image = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    byte[] nop = {0x0f, 0x1f, (byte) 0x80};
    image.put(0xd, nop).putInt(0x10, 4 << 20).put(0x1d, nop).putInt(0x20, 4096);
    return ByteView.of(image.array());
  }

  private static KaslrOutlook outlook(LoadRequest request) {
    LoadPlan plan = KexecFileLoader.load(request);
    Optional<KaslrOutlook> outlook = plan.kaslr();
    assertThat(outlook).isPresent();
    return outlook.get();
  }

  private static RecordedLoads read(Path file) {
    try {
      return RecordedLoads.parse(Files.readString(file));
    } catch (IOException e) {
      throw new AssertionError(file + " cannot be read", e);
    }
  }
}
