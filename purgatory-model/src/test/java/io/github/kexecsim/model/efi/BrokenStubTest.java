package io.github.kexecsim.model.efi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.model.efi.EfiOutcome.Ending;
import io.github.kexecsim.model.efi.EfiOutcome.FaultKind;
import io.github.kexecsim.model.sim.PhysMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes of services that fail, of memory that is damaged, and of images that lie. */
class BrokenStubTest {
  private static final EfiPlan PLAN =
      EfiPlan.of(EfiLoads.small().withCommandLine("quiet"), EfiOptions.DEFAULT);

  private static EfiOutcome run(EfiOptions options) {
    return EfiSimulator.run(EfiPlan.of(PLAN.request(), options));
  }

  private static EfiOutcome run(byte[] image) {
    return EfiSimulator.run(EfiPlan.of(EfiLoads.request(image), EfiOptions.DEFAULT));
  }

  /** Runs the plan with a word of memory changed before. */
  private static EfiOutcome runWith(long address, long word) {
    PhysMemory memory = EfiSimulator.load(PLAN);
    memory.putWord(address, word);
    return EfiSimulator.execute(PLAN, memory);
  }

  @ParameterizedTest
  @EnumSource(EfiService.class)
  void everyServiceMayBeMissing(EfiService service) throws IOException {
    EfiOutcome outcome = run(EfiOptions.DEFAULT.without(service));
    boolean isNeeded =
        switch (service) {
          case ALLOCATE_PAGES,
              GET_MEMORY_MAP,
              ALLOCATE_POOL,
              HANDLE_PROTOCOL,
              INSTALL_CONFIGURATION_TABLE,
              EXIT_BOOT_SERVICES ->
              true;
          default -> false;
        };
    assertThat(outcome.ending()).isEqualTo(isNeeded ? Ending.RETURNED : Ending.ENTERED);
    assertThat(outcome.unsupported().contains(service))
        .isEqualTo(EfiLoads.calls(outcome).contains(service.label()));
    assertThat(outcome.events())
        .filteredOn(event -> event.name().equals(service.label()))
        .allMatch(event -> event.status().orElseThrow() == EfiStatus.UNSUPPORTED);
  }

  @ParameterizedTest
  @EnumSource(EfiService.class)
  void everyServiceOfTheFirstStubMayBeMissing(EfiService service) throws IOException {
    LoadRequest request = EfiLoads.request(EfiLoads.realImage("tiny61-arm64-lz4.zboot"));
    EfiOutcome outcome = EfiSimulator.run(EfiPlan.of(request, EfiOptions.DEFAULT.without(service)));
    boolean isNeeded =
        switch (service) {
          case ALLOCATE_POOL,
              HANDLE_PROTOCOL,
              INSTALL_PROTOCOLS,
              LOAD_IMAGE,
              START_IMAGE,
              ALLOCATE_PAGES,
              GET_MEMORY_MAP,
              INSTALL_CONFIGURATION_TABLE,
              EXIT_BOOT_SERVICES ->
              true;
          default -> false;
        };
    assertThat(outcome.ending()).isEqualTo(isNeeded ? Ending.RETURNED : Ending.ENTERED);
  }

  @Test
  void aStaleKeyFailsOnce() {
    EfiOutcome once = run(EfiOptions.DEFAULT.withMapChanges(1));
    assertThat(once.isSuccess()).isTrue();
    assertThat(EfiLoads.calls(once))
        .endsWith("ExitBootServices", "GetMemoryMap", "ExitBootServices");
    EfiOutcome twice = run(EfiOptions.DEFAULT.withMapChanges(2));
    assertThat(twice.ending()).isEqualTo(Ending.RETURNED);
    assertThat(twice.returned()).contains(EfiStatus.LOAD_ERROR);
    assertThat(twice.summary()).contains("EFI_LOAD_ERROR");
  }

  @Test
  void theTreeThatIsHandedOverTellsOfEfi() {
    PhysMemory memory = EfiSimulator.load(PLAN);
    EfiOutcome outcome = EfiSimulator.execute(PLAN, memory);
    long fdt = outcome.handoff().orElseThrow().registers().get("x0");
    ByteView page = memory.page(fdt);
    FlattenedDeviceTree tree = FlattenedDeviceTree.parse(page.slice(0, page.u32be(4)));
    var chosen = tree.node("/chosen").orElseThrow();
    assertThat(chosen.property("linux,uefi-system-table").orElseThrow().u64())
        .isEqualTo(PLAN.symbols().get("system_table"));
    assertThat(chosen.property("bootargs").orElseThrow().string()).isEqualTo("quiet");
    assertThat(chosen.property("kaslr-seed")).isPresent();
    assertThat(chosen.property("linux,uefi-mmap-size").orElseThrow().u32())
        .isEqualTo(48L * outcome.memoryMap().size());
    assertThat(tree.memRsv()).isEmpty();
  }

  @Test
  void aPointerThatLeadsNowhereIsNoticed() {
    long systemTable = PLAN.symbols().get("system_table");
    assertThat(runWith(systemTable + 96, 0x10).ending()).isEqualTo(Ending.TRANSLATION_FAULT);
    assertThat(runWith(systemTable + 96, systemTable).ending()).isEqualTo(Ending.SERVICES_LOST);
    assertThat(runWith(systemTable + 96, -1).ending()).isEqualTo(Ending.TRANSLATION_FAULT);
    long bootServices = EfiSimulator.load(PLAN).word(systemTable + 96);
    assertThat(runWith(bootServices + EfiService.ALLOCATE_PAGES.offset(), 0).ending())
        .isEqualTo(Ending.SERVICES_LOST);
  }

  @Test
  void aBrokenMapFaults() {
    long root = PLAN.symbols().get("ttbr0");
    assertThat(runWith(root, 0).ending()).isEqualTo(Ending.TRANSLATION_FAULT);
  }

  @Test
  void aTreeThatIsNoneIsReplacedByAnEmptyOne() {
    EfiOutcome outcome = runWith(PLAN.symbols().get("dtb_addr"), 0);
    assertThat(outcome.ending()).isEqualTo(Ending.ENTERED);
    assertThat(outcome.faults())
        .extracting(EfiOutcome.Fault::kind)
        .containsExactly(FaultKind.SEGMENT_DIFFERS);
  }

  @Test
  void aTreeThatIsDamagedInsideIsRefusedByTheStub() {
    long dtb = PLAN.symbols().get("dtb_addr");
    PhysMemory memory = EfiSimulator.load(PLAN);
    long structure = memory.page(dtb).u32be(8);
    assertThat(runWith(dtb + structure & -8, -1).returned()).contains(EfiStatus.LOAD_ERROR);
  }

  @Test
  void aPayloadThatWasOverwrittenDoesNotDecode() {
    long payload = PLAN.rangeOf(SegmentRole.KERNEL).start() + PLAN.image().payloadOffset();
    EfiOutcome outcome = runWith(payload & -8, 0);
    assertThat(outcome.ending()).isEqualTo(Ending.RETURNED);
    assertThat(outcome.returned()).contains(EfiStatus.LOAD_ERROR);
  }

  @ParameterizedTest
  @EnumSource(
      value = CompressionMethod.class,
      names = {"GZIP", "XZ", "LZMA", "LZ4", "LZO", "ZSTD"})
  void everyMethodDecodes(CompressionMethod method) {
    EfiOutcome outcome = run(EfiLoads.zboot(EfiLoads.kernel(300_000, 2), method));
    assertThat(outcome.isSuccess()).as("%s", outcome.faults()).isTrue();
    assertThat(outcome.work().decompressed()).isEqualTo(300_000);
  }

  @Test
  void sizesThatLieAreNoticed() {
    ByteView kernel = ByteView.of(EfiLoads.kernel(300_000, 2));
    EfiOutcome few = run(EfiLoads.zboot(kernel, CompressionMethod.ZSTD, 900_000));
    assertThat(few.ending()).isEqualTo(Ending.ENTERED);
    assertThat(few.faults())
        .extracting(EfiOutcome.Fault::kind)
        .containsExactly(FaultKind.SIZE_DIFFERS);
    EfiOutcome many = run(EfiLoads.zboot(kernel, CompressionMethod.ZSTD, 100_000));
    assertThat(many.ending()).isEqualTo(Ending.RETURNED);
    assertThat(many.returned()).contains(EfiStatus.LOAD_ERROR);
  }

  @Test
  void aKernelLargerThanItsPlaceIsNoticed() {
    byte[] kernel = EfiLoads.kernel(300_000, 2);
    ByteBuffer.wrap(kernel).order(ByteOrder.LITTLE_ENDIAN).putLong(16, 400_000);
    assertThat(run(EfiLoads.zboot(kernel, CompressionMethod.ZSTD)).faults())
        .extracting(EfiOutcome.Fault::kind)
        .containsExactly(FaultKind.KERNEL_BEYOND_ALLOCATION);
  }

  @Test
  void whatIsNoKernelIsEnteredAllTheSame() {
    EfiOutcome outcome = run(EfiLoads.zboot(new byte[5000], CompressionMethod.ZSTD));
    assertThat(outcome.ending()).isEqualTo(Ending.ENTERED);
    assertThat(outcome.faults())
        .extracting(EfiOutcome.Fault::kind)
        .containsExactly(FaultKind.KERNEL_UNKNOWN);
    EfiOutcome first =
        run(EfiLoads.withStub(EfiLoads.zboot(new byte[5000], CompressionMethod.ZSTD), 1));
    assertThat(first.returned()).contains(EfiStatus.LOAD_ERROR);
  }

  @Test
  void theStubsGzipReaderSkipsTenBytes() {
    byte[] image = EfiLoads.zboot(EfiLoads.kernel(300_000, 2), CompressionMethod.GZIP);
    int payload = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(8);
    image[payload + 3] |= 0x08; // FNAME
    assertThat(run(image).returned()).contains(EfiStatus.LOAD_ERROR);
  }

  @Test
  void aCommandLineThatIsTooLongIsCut() {
    String line = "a=\"x y\" " + "b".repeat(3000);
    EfiOutcome outcome =
        EfiSimulator.run(EfiPlan.of(EfiLoads.small().withCommandLine(line), EfiOptions.DEFAULT));
    assertThat(outcome.isSuccess()).isTrue();
    assertThat(outcome.events().toString()).contains("truncated to 7 bytes");
  }

  /** Bytes changed anywhere in the image: a refusal or an outcome, and nothing else. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aDamagedImageNeverThrowsAtTheSimulator(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[][] images = {
      PLAN.request().image().toByteArray(),
      EfiLoads.realImage("tiny61-arm64-lz4.zboot"),
      EfiLoads.zboot(EfiLoads.kernel(60_000, 2), CompressionMethod.GZIP)
    };
    for (int i = 0; i < 60; i++) {
      byte[] image = images[i % images.length].clone();
      int count = 1 + random.nextInt(4);
      for (int j = 0; j < count; j++) {
        int range = random.nextBoolean() ? 0x200 : image.length;
        image[random.nextInt(range)] = (byte) random.nextInt();
      }
      EfiPlan plan;
      try {
        plan = EfiPlan.of(EfiLoads.request(image), EfiOptions.DEFAULT);
      } catch (KexecException e) {
        continue;
      }
      assertThat(EfiSimulator.run(plan).summary()).isNotEmpty();
    }
  }

  /** Words changed anywhere in the segments. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void damagedMemoryNeverThrowsAtTheSimulator(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 150; i++) {
      PhysMemory memory = EfiSimulator.load(PLAN);
      for (int j = 0; j < 1 + random.nextInt(3); j++) {
        var segments = PLAN.placed().segments();
        var segment = segments.get(random.nextInt(segments.size()));
        long offset = random.nextLong(Math.min(segment.memsz(), 0x3000)) & -8;
        long word =
            switch (random.nextInt(3)) {
              case 0 -> random.nextLong();
              case 1 -> PLAN.usable().start() + (random.nextLong(PLAN.usable().size()) & -8);
              default -> random.nextInt(256);
            };
        memory.putWord(segment.mem() + offset, word);
      }
      assertThat(EfiSimulator.execute(PLAN, memory).summary()).isNotEmpty();
    }
  }
}
