package io.github.kexecsim.model.efi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.StubGeneration;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.KexecSegment;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.PlacedLoad;
import io.github.kexecsim.loader.place.SegmentRole;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EfiPlanTest {
  private static final EfiPlan PLAN =
      EfiPlan.of(
          EfiLoads.small()
              .withInitrd(ByteView.of(new byte[70_000]))
              .withCommandLine("quiet löß \ud83d\ude00"),
          EfiOptions.DEFAULT);

  private static Reason refusal(LoadRequest request) {
    return catchThrowableOfType(KexecException.class, () -> EfiPlan.of(request, EfiOptions.DEFAULT))
        .reason();
  }

  private static LoadRequest on(Architecture architecture) {
    byte[] payload = EfiLoads.kernel(4096, 1);
    byte[] image = ZbootWriter.write(architecture, "gzip", ByteView.of(payload), 4096);
    return LoadRequest.of(
        ByteView.of(EfiLoads.withStub(image, 3)),
        EfiLoads.machine(architecture, 4096, EfiLoads.RAM, EfiLoads.GIB));
  }

  @Test
  void everySegmentIsThereAndInUsableMemory() {
    assertThat(PLAN.placed().segments())
        .extracting(KexecSegment::role)
        .containsExactly(
            SegmentRole.KERNEL,
            SegmentRole.INITRD,
            SegmentRole.DTB,
            SegmentRole.EFI_SERVICES,
            SegmentRole.STACK);
    assertThat(PLAN.placed().segments())
        .allMatch(segment -> PLAN.usable().contains(segment.range()));
    PhysRange kernel = PLAN.rangeOf(SegmentRole.KERNEL);
    assertThat(kernel.start() % (64 << 10)).isZero();
    assertThat(kernel.size()).isGreaterThanOrEqualTo(PLAN.image().pe().sizeOfImage());
    assertThat(PLAN.segment(SegmentRole.STACK).orElseThrow().memsz()).isEqualTo(128 << 10);
    assertThat(PLAN.loadPlan().isLoadable()).isTrue();
  }

  @Test
  void symbolsTellTheTreeAndUsableMemory() {
    assertThat(PLAN.symbols())
        .containsEntry("dtb_addr", PLAN.rangeOf(SegmentRole.DTB).start())
        .containsEntry("usable_mem_start", EfiLoads.RAM)
        .containsEntry("usable_mem_size", EfiLoads.GIB)
        .containsEntry("kernel_entry", PLAN.placed().kernelEntry())
        .containsEntry("stack_top", PLAN.rangeOf(SegmentRole.STACK).end());
    assertThat(PLAN.identityMap().tables())
        .allMatch(t -> PLAN.rangeOf(SegmentRole.EFI_SERVICES).contains(t.address()));
  }

  @Test
  void theReserveIsShownItemByItem() {
    assertThat(PLAN.reserve()).filteredOn(ReserveItem::isSegment).hasSize(5);
    assertThat(PLAN.reserve())
        .filteredOn(item -> !item.isSegment())
        .extracting(ReserveItem::what)
        .contains("decompressed image", "zstd workspace", "device tree for the next kernel");
    assertThat(PLAN.reserveSize())
        .isEqualTo(
            PLAN.reserve().stream().filter(i -> !i.isSegment()).mapToLong(ReserveItem::bytes).sum())
        .isGreaterThan(300_000);
  }

  @Test
  void theServicesBlockIsASystemTable() {
    KexecSegment services = PLAN.segment(SegmentRole.EFI_SERVICES).orElseThrow();
    ByteView block = services.content().orElseThrow();
    assertThat(block.matches(0, "IBI SYST")).isTrue();
    long configuration = block.u64le(112) - services.mem();
    assertThat(block.u64le(104)).isEqualTo(1);
    assertThat(block.u64le(configuration + 16)).isEqualTo(PLAN.symbols().get("dtb_addr"));
    long boot = block.u64le(96) - services.mem();
    assertThat(block.matches(boot, "BOOTSERV")).isTrue();
    assertThat(block.u64le(boot + 40)).isNotEqualTo(block.u64le(boot + 24));
    long options = PLAN.block().loadOptions() - services.mem();
    byte[] text = "quiet löß \ud83d\ude00\0".getBytes(StandardCharsets.UTF_16LE);
    assertThat(block.slice(options, text.length)).isEqualTo(ByteView.of(text));
  }

  @ParameterizedTest
  @EnumSource(value = Architecture.class, names = "ARM64", mode = EnumSource.Mode.EXCLUDE)
  void otherArchitecturesAreRefused(Architecture architecture) {
    assertThat(refusal(on(architecture))).isEqualTo(Reason.UNSUPPORTED_STRATEGY);
  }

  @Test
  void whatTheCourseIsNotForIsRefused() {
    assertThat(refusal(EfiLoads.small().withType(LoadType.CRASH)))
        .isEqualTo(Reason.UNSUPPORTED_STRATEGY);
    assertThat(refusal(EfiLoads.request(EfiLoads.kernel(8192, 1))))
        .isEqualTo(Reason.UNSUPPORTED_STRATEGY);
    byte[] image = EfiLoads.zboot(EfiLoads.kernel(8192, 1), CompressionMethod.GZIP);
    assertThat(refusal(EfiLoads.request(EfiLoads.withStub(image, 0))))
        .isEqualTo(Reason.UNSUPPORTED_STRATEGY);
    LoadRequest riscv = on(Architecture.RISCV64);
    assertThat(refusal(LoadRequest.of(riscv.image(), EfiLoads.machine(EfiLoads.GIB))))
        .isEqualTo(Reason.WRONG_ARCHITECTURE);
  }

  @Test
  void sizesAreRefusedBeforeAnythingIsAllocated() {
    assertThat(
            refusal(
                EfiLoads.small()
                    .withLimits(
                        Limits.DEFAULT.with(Limit.LAYERS, 8).with(Limit.DECOMPRESSED, 299_999))))
        .isEqualTo(Reason.LIMIT_EXCEEDED);
    ByteView kernel = ByteView.of(EfiLoads.kernel(8192, 1));
    byte[] huge = EfiLoads.zboot(kernel, CompressionMethod.ZSTD, 0xffff_ffffL);
    assertThat(refusal(EfiLoads.request(huge))).isEqualTo(Reason.LIMIT_EXCEEDED);
    byte[] large = EfiLoads.zboot(kernel, CompressionMethod.ZSTD, 500 << 20);
    LoadRequest request = LoadRequest.of(ByteView.of(large), EfiLoads.machine(500L << 20));
    assertThat(refusal(request)).isEqualTo(Reason.NO_ROOM);
    byte[] nothing = EfiLoads.zboot(kernel, CompressionMethod.LZ4, 1);
    nothing = withWord(nothing, kernel);
    assertThat(refusal(EfiLoads.request(nothing))).isEqualTo(Reason.BAD_HEADER);
  }

  /** Sets the size word to 0. */
  private static byte[] withWord(byte[] image, ByteView kernel) {
    ByteBuffer buffer = ByteBuffer.wrap(image.clone()).order(ByteOrder.LITTLE_ENDIAN);
    return buffer.putInt(buffer.getInt(8) + buffer.getInt(12), 0).array();
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 8, 9, 10})
  void aMachineThatIsTooSmallIsRefused(long mib) {
    LoadRequest request =
        LoadRequest.of(EfiLoads.small().image(), EfiLoads.machine(mib * EfiLoads.MIB));
    try {
      assertThat(EfiSimulator.run(EfiPlan.of(request, EfiOptions.DEFAULT)).isSuccess()).isTrue();
    } catch (KexecException e) {
      assertThat(e.reason()).isEqualTo(Reason.NO_ROOM);
    }
  }

  @Test
  void peHeadersThatCannotBeAreRefused() {
    byte[] image = EfiLoads.small().image().toByteArray();
    int optional = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(0x3c) + 24;
    int sections = optional + 112 + 48;
    assertThat(refusal(patched(image, optional + 16, 0))).isEqualTo(Reason.BAD_HEADER);
    assertThat(refusal(patched(image, optional + 16, -1))).isEqualTo(Reason.BAD_HEADER);
    assertThat(refusal(patched(image, optional + 32, 3))).isEqualTo(Reason.BAD_HEADER);
    assertThat(refusal(patched(image, sections + 12, 0x7000))).isEqualTo(Reason.BAD_HEADER);
    assertThat(refusal(patched(image, optional + 56, -1)))
        .isIn(Reason.NO_ROOM, Reason.TOO_LARGE_FOR_MEMORY);
  }

  private static LoadRequest patched(byte[] image, int at, int value) {
    return EfiLoads.request(
        ByteBuffer.wrap(image.clone()).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value).array());
  }

  private static Reason refusal(UnaryOperator<KexecSegment> change) {
    PlacedLoad placed = PLAN.placed();
    PlacedLoad bad =
        new PlacedLoad(
            placed.segments().stream().map(change).toList(),
            placed.entry(),
            placed.kernelEntry(),
            "",
            List.of(),
            List.of());
    return rebuilt(bad, PLAN.usable());
  }

  private static Reason rebuilt(PlacedLoad placed, PhysRange usable) {
    return catchThrowableOfType(
            KexecException.class,
            () ->
                new EfiPlan(
                    PLAN.request(),
                    PLAN.options(),
                    PLAN.image(),
                    PLAN.generation(),
                    placed,
                    usable,
                    PLAN.reserve()))
        .reason();
  }

  private static UnaryOperator<KexecSegment> move(SegmentRole role, long to) {
    return segment ->
        segment.role() == role
            ? new KexecSegment(
                role, PhysRange.ofSize(to, segment.memsz()), segment.bufsz(), segment.content())
            : segment;
  }

  @Test
  void badPlansCannotBeBuilt() {
    PhysRange services = PLAN.rangeOf(SegmentRole.EFI_SERVICES);
    PhysRange dtb = PLAN.rangeOf(SegmentRole.DTB);
    assertThat(refusal(move(SegmentRole.STACK, services.start() - 4096)))
        .isEqualTo(Reason.BAD_SEGMENT);
    assertThat(refusal(move(SegmentRole.DTB, services.start()))).isEqualTo(Reason.BAD_SEGMENT);
    assertThat(refusal(move(SegmentRole.EFI_SERVICES, EfiLoads.RAM - services.size())))
        .isEqualTo(Reason.BAD_SEGMENT);
    assertThat(refusal(move(SegmentRole.STACK, dtb.start() + 1))).isEqualTo(Reason.BAD_SEGMENT);
    assertThat(refusal(move(SegmentRole.EFI_SERVICES, EfiLoads.RAM + (512 << 20))))
        .as("the entry stays behind")
        .isEqualTo(Reason.BAD_SEGMENT);
    PhysRange elsewhere = new PhysRange(EfiLoads.RAM, EfiLoads.RAM + 2 * EfiLoads.GIB);
    assertThat(rebuilt(PLAN.placed(), elsewhere)).isEqualTo(Reason.BAD_SEGMENT);
    PhysRange low = new PhysRange(EfiLoads.RAM, EfiLoads.RAM + EfiLoads.MIB);
    assertThat(rebuilt(PLAN.placed(), low)).isEqualTo(Reason.BAD_SEGMENT);
  }

  @Test
  void aPlanNeedsEverySegment() {
    for (SegmentRole role :
        List.of(SegmentRole.KERNEL, SegmentRole.DTB, SegmentRole.EFI_SERVICES, SegmentRole.STACK)) {
      PlacedLoad placed = PLAN.placed();
      List<KexecSegment> others =
          placed.segments().stream().filter(segment -> segment.role() != role).toList();
      PlacedLoad bad =
          new PlacedLoad(others, placed.entry(), placed.kernelEntry(), "", List.of(), List.of());
      assertThat(rebuilt(bad, PLAN.usable())).isEqualTo(Reason.BAD_SEGMENT);
    }
  }

  @Test
  void aStubsGenerationShowsInItsHeader() {
    byte[] image = EfiLoads.small().image().toByteArray();
    int optional = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).getInt(0x3c) + 24;
    int dataVirtualSize = optional + 112 + 48 + 40 + 8;
    LoadRequest heap = patched(image, dataVirtualSize, 0x40200);
    assertThat(EfiPlan.of(heap, EfiOptions.DEFAULT).generation())
        .isEqualTo(StubGeneration.STATIC_HEAP);
    assertThat(EfiSimulator.run(EfiPlan.of(heap, EfiOptions.DEFAULT)).isSuccess()).isTrue();
    assertThat(PLAN.generation()).isEqualTo(StubGeneration.WORKSPACE);
    LoadRequest old = EfiLoads.request(EfiLoads.withStub(image, 1));
    assertThat(EfiPlan.of(old, EfiOptions.DEFAULT).generation())
        .isEqualTo(StubGeneration.LOAD_IMAGE);
  }

  @Test
  void anInitrdIsOptional() {
    assertThat(EfiPlan.of(EfiLoads.small(), EfiOptions.DEFAULT).segment(SegmentRole.INITRD))
        .isEqualTo(Optional.empty());
  }
}
