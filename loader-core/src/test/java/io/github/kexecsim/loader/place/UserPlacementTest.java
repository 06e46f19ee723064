package io.github.kexecsim.loader.place;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.LoadRequest;
import io.github.kexecsim.loader.UserLoader;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FdtNode;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.image.ZbootWriter;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import io.github.kexecsim.loader.memory.PhysRange;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Places worked out by hand from what kexec-tools does. */
class UserPlacementTest {
  private static final String IOMEM =
      String.join(
          "\n",
          "40000000-7fffffff : System RAM",
          "  40000000-401fffff : reserved",
          "  40210000-40ffffff : Kernel code",
          "  41000000-410fffff : reserved",
          "  41100000-411fffff : Kernel data",
          "  50000000-5fffffff : Crash kernel",
          "80000000-800fffff : ACPI Tables",
          "");

  private static ByteView image(long textOffset, long imageSize) {
    ByteBuffer image = ByteBuffer.allocate(0x3000).order(ByteOrder.LITTLE_ENDIAN);
    image.putLong(8, textOffset).putLong(16, imageSize).putInt(56, 0x644d_5241);
    return ByteView.of(image.array());
  }

  private static Machine machine(String iomem) {
    return new MachineBuilder(Architecture.ARM64).iomem(Iomem.parse(iomem)).build();
  }

  private static Machine machine(Optional<ByteView> tree) {
    MachineBuilder builder = new MachineBuilder(Architecture.ARM64).iomem(Iomem.parse(IOMEM));
    tree.ifPresent(blob -> builder.deviceTree(blob));
    return builder.build();
  }

  private static PlacedLoad place(ByteView image, Machine machine, int initrd, String line) {
    return UserPlacement.place(
        new PlacementRequest(
            machine,
            FileContent.of(image),
            initrd == 0
                ? Optional.empty()
                : Optional.of(FileContent.of(ByteView.of(new byte[initrd]))),
            line,
            LoadType.DEFAULT,
            0));
  }

  @Test
  void theRunningKernelIsNoObstacleAndTheRestFollows() {
    PlacedLoad placed = place(image(0, 0xd0_0000), machine(Optional.empty()), 0x1800, "");
    assertThat(placed.segments())
        .extracting(segment -> segment.role() + " " + segment.range())
        .containsExactly(
            "kernel [0x40200000-0x40efffff]",
            "initrd [0x40f00000-0x40f01fff]",
            "dtb [0x40f02000-0x40f02fff]",
            "purgatory [0x40f03000-0x40f05fff]");
    assertThat(placed.entry()).isEqualTo(0x40f0_3000L);
    assertThat(placed.kernelEntry()).isEqualTo(0x4020_0000L);
    assertThat(placed.warnings()).hasSize(1);
  }

  @Test
  void whatDoesNotFitBelowAReservationGoesAboveIt() {
    PlacedLoad placed = place(image(0x80000, 0xe0_0000), machine(Optional.empty()), 0, "");
    assertThat(placed.kernelEntry()).isEqualTo(0x4128_0000L);
    PlacedLoad large = place(image(0, 0xf00_0000), machine(Optional.empty()), 0, "");
    assertThat(large.kernelEntry()).isEqualTo(0x6000_0000L);
  }

  @Test
  void oldKernelsGetAGuess() {
    PlacedLoad placed = place(image(0, 0), machine(Optional.empty()), 0, "");
    assertThat(placed.segments().get(0).memsz()).isEqualTo(16 << 20);
    assertThat(placed.kernelEntry() & 0x1f_ffff).isEqualTo(0x80000);
    assertThat(placed.warnings()).hasSize(2);
  }

  @Test
  void theTreeGetsWhatKexecToolsPutsIntoIt() {
    byte[] tree =
        new FdtBuilder()
            .beginNode("chosen")
            .string("bootargs", "old")
            .u64("kaslr-seed", 0)
            .u64("linux,initrd-start", 1)
            .u64("linux,initrd-end", 2)
            .endNode()
            .build();
    Machine machine = machine(Optional.of(ByteView.of(tree)));
    FdtNode with = chosen(place(image(0, 0x10000), machine, 100, "new"));
    assertThat(with.property("bootargs").orElseThrow().string()).isEqualTo("new");
    assertThat(with.property("kaslr-seed").orElseThrow().u64()).isNotZero();
    long start = with.property("linux,initrd-start").orElseThrow().u64();
    assertThat(with.property("linux,initrd-end").orElseThrow().u64()).isEqualTo(start + 100);
    FdtNode without = chosen(place(image(0, 0x10000), machine, 0, ""));
    assertThat(without.property("bootargs").orElseThrow().string()).isEqualTo("old");
    assertThat(without.property("linux,initrd-start")).isEmpty();
  }

  /** Only a seed that the running kernel wiped is replaced. */
  @Test
  void aSeedThatIsThereStays() {
    byte[] tree = new FdtBuilder().beginNode("chosen").u64("kaslr-seed", 5).endNode().build();
    Machine machine = machine(Optional.of(ByteView.of(tree)));

    FdtNode chosen = chosen(place(image(0, 0x10000), machine, 0, ""));

    assertThat(chosen.property("kaslr-seed").orElseThrow().u64()).isEqualTo(5);
  }

  /**
   * The running kernel's rules hold where /proc/iomem is unknown: the same places, and a warning.
   */
  @Test
  void withoutProcIomemTheKernelsRulesAreTaken() {
    Machine machine =
        new MachineBuilder(Architecture.ARM64)
            .memblock(Memblock.parse("   0: 0x40000000..0x7fffffff    0 NONE\n", ""))
            .build();
    PlacementRequest request =
        TestMachines.request(machine, FileContent.of(image(0, 0x10000)), LoadType.DEFAULT);

    PlacedLoad placed = UserPlacement.place(request);

    assertThat(placed.segments()).isEqualTo(TestMachines.place(request).segments());
    assertThat(placed.warnings()).hasSize(1);
  }

  /**
   * arm64 kernels map 32 GiB from the GiB that they lie in: the initrd's last GiB must be among
   * them.
   */
  @Test
  void theInitrdEndsWithin32GibOfTheKernelsGib() {
    Machine machine = machine("40000000-403fffff : System RAM\n7e0000000-8ffffffff : System RAM\n");
    FileContent kernel = FileContent.of(image(0, 0x40_0000));

    PlacedLoad placed =
        UserPlacement.place(TestMachines.request(machine, kernel, 0x6000_0000, LoadType.DEFAULT));

    assertThat(placed.kernelEntry()).isEqualTo(0x4000_0000L);
    assertThat(placed.segments().get(1).range())
        .isEqualTo(new PhysRange(0x7_e000_0000L, 0x8_4000_0000L));
    assertThat(
            catchThrowableOfType(
                    KexecException.class,
                    () ->
                        UserPlacement.place(
                            TestMachines.request(machine, kernel, 0x6000_0001, LoadType.DEFAULT)))
                .reason())
        .isEqualTo(Reason.NO_ROOM);
  }

  @Test
  void anEmptyInitrdIsNotRead() {
    PlacementRequest request =
        TestMachines.request(
            machine(Optional.empty()), FileContent.of(image(0, 0x10000)), 0, LoadType.DEFAULT);

    assertThat(
            catchThrowableOfType(KexecException.class, () -> UserPlacement.place(request)).reason())
        .isEqualTo(Reason.TRUNCATED);
  }

  @Test
  void aHeaderIsAllThatAnImageNeeds() {
    ByteView header = image(0, 0x10000).slice(0, 64);

    assertThat(place(header, machine(Optional.empty()), 0, "").kernelEntry())
        .isEqualTo(0x4020_0000L);
    assertThat(refusal(header.slice(0, 63), machine(Optional.empty())))
        .isEqualTo(Reason.UNKNOWN_FORMAT);
  }

  /** {@code MAX_DTB}: booting.rst lets a tree have 2 MiB. */
  @Test
  void aTreeOfTwoMibIsTakenAndNoLargerOne() {
    int overhead = treeSize(place(image(0, 0x10000), withTree("p", 1024), 0, "")) - 1024;
    // Values take whole cells, names any number of bytes.
    String name = "p".repeat(1 + Math.floorMod(-overhead, 4));
    int most = (2 << 20) - overhead - (name.length() - 1);

    assertThat(treeSize(place(image(0, 0x10000), withTree(name, most), 0, ""))).isEqualTo(2 << 20);
    assertThat(refusal(image(0, 0x10000), withTree(name, most + 4)))
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  private static Machine withTree(String property, int size) {
    byte[] tree = new FdtBuilder().prop(property, new byte[size]).build();
    return machine(Optional.of(ByteView.of(tree)));
  }

  private static int treeSize(PlacedLoad placed) {
    return (int)
        placed.segments().stream()
            .filter(segment -> segment.role() == SegmentRole.DTB)
            .findFirst()
            .orElseThrow()
            .bufsz();
  }

  private static FdtNode chosen(PlacedLoad placed) {
    ByteView dtb =
        placed.segments().stream()
            .filter(segment -> segment.role() == SegmentRole.DTB)
            .findFirst()
            .orElseThrow()
            .content()
            .orElseThrow();
    return FlattenedDeviceTree.parse(dtb).node("/chosen").orElseThrow();
  }

  @Test
  void elsewhereTheKernelsRulesAreTakenAndSaidSo() {
    LoadRequest request = LoadRequest.of(image(0, 0x10000), machine(Optional.empty()));
    LoadPlan crash = UserLoader.load(request.withType(LoadType.CRASH));
    assertThat(crash.isLoadable()).isTrue();
    assertThat(crash.warnings()).anyMatch(line -> line.contains("kexec_file_load"));
  }

  @Test
  void theLoaderUnwrapsFirst() {
    ByteView kernel = image(0, 0x10000);
    byte[] payload = Compressors.byMethod(CompressionMethod.GZIP).compress(kernel);
    byte[] zboot =
        ZbootWriter.write(Architecture.ARM64, "gzip", ByteView.of(payload), kernel.size());
    LoadPlan plan = UserLoader.load(LoadRequest.of(ByteView.of(zboot), machine(Optional.empty())));
    assertThat(plan.layers()).hasSize(2);
    assertThat(plan.placed().orElseThrow().segments().get(0).content()).contains(kernel);
  }

  @Test
  void whatDoesNotLoadIsRefused() {
    Machine machine = machine(Optional.empty());
    assertThat(refusal(image(0, 1L << 40), machine)).isEqualTo(Reason.NO_ROOM);
    assertThat(refusal(image(-1, 4096), machine)).isEqualTo(Reason.NO_ROOM);
    assertThat(refusal(ByteView.of(new byte[100]), machine)).isEqualTo(Reason.UNKNOWN_FORMAT);
    assertThat(refusal(ByteView.of(new byte[0]), machine)).isEqualTo(Reason.TRUNCATED);
    LoadPlan plan = UserLoader.load(LoadRequest.of(ByteView.of(new byte[100]), machine));
    assertThat(plan.refusal().orElseThrow().reason()).isEqualTo(Reason.UNKNOWN_FORMAT);
  }

  private static Reason refusal(ByteView image, Machine machine) {
    return catchThrowableOfType(KexecException.class, () -> place(image, machine, 0, "")).reason();
  }

  @Test
  void strategiesAreFoundByTheirNames() {
    for (Strategy strategy : Strategy.values()) {
      assertThat(Strategy.byLabel(strategy.label())).contains(strategy);
    }
    assertThat(Strategy.byLabel("none")).isEmpty();
  }

  @Test
  void rolesAreFoundByTheirNames() {
    for (SegmentRole role : SegmentRole.values()) {
      assertThat(SegmentRole.byLabel(role.label())).contains(role);
    }
    assertThat(SegmentRole.byLabel("none")).isEmpty();
  }
}
