package io.github.kexecsim.loader.place;

import static io.github.kexecsim.loader.place.TestMachines.MIB;
import static io.github.kexecsim.loader.place.TestMachines.mib;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.Arm64Image;
import io.github.kexecsim.loader.image.BzImage;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Cpu;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.BootLog;
import io.github.kexecsim.loader.memory.Iomem;
import io.github.kexecsim.loader.memory.Memblock;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which headers each architecture's loader takes: either side of every check it makes. */
class ProbesTest {
  private static final int X86_FILE = 0x10_0000;

  /** A header is 64 bytes, and a file that ends with it is one. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "X86_64")
  void aFileNeedsAWholeHeaderAndNoMore(Architecture architecture) {
    byte[] header = TestImages.plain(architecture, 64, MIB).known().toByteArray();

    assertThat(place(architecture, FileContent.of(ByteView.of(header))).segments()).isNotEmpty();
    assertThat(refusal(architecture, ByteView.of(header).slice(0, 63)).reason())
        .isEqualTo(Reason.UNKNOWN_FORMAT);
  }

  @ParameterizedTest
  @EnumSource(names = {"RISCV64", "LOONGARCH64"})
  void theKernelsElfLoaderIsNotModelled(Architecture architecture) {
    byte[] elf = TestImages.plain(architecture, 64, MIB).known().toByteArray();
    System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F'}, 0, elf, 0, 4);

    assertThat(refusal(architecture, ByteView.of(elf)).reason())
        .isEqualTo(Reason.UNSUPPORTED_IMAGE);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "X86_64")
  void theHeaderMustTellTheSizeInMemory(Architecture architecture) {
    KexecException refusal = refusal(architecture, TestImages.plain(architecture, 64, 0).known());

    assertThat(refusal.reason()).isEqualTo(Reason.BAD_HEADER);
    assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
  }

  /** Flags of an arm64 Image: bit 0 big-endian; bits 1 and 2 the page: 4, 16 or 64 KiB. */
  @ParameterizedTest
  @CsvSource({
    "0,  4,        false, true",
    "2,  4,        false, true",
    "2,  16 64,    true,  false",
    "4,  16,       false, true",
    "4,  4 64,     true,  false",
    "6,  64,       false, true",
    "6,  4 16,     true,  false",
    "1,  4 16 64,  true,  true",
    "1,  4 16 64,  false, false",
    "7,  64,       true,  true",
    "8,  4,        false, true",
    "10, 4,        false, true"
  })
  void arm64AsksForPageSizeAndEndianness(
      long flags, String granules, boolean mixedEndian, boolean runs) {
    TreeSet<Integer> sizes = new TreeSet<>();
    for (String granule : granules.split(" ")) {
      sizes.add(Integer.valueOf(granule));
    }
    Machine machine =
        new MachineBuilder(Architecture.ARM64)
            .memblock(Memblock.parse("   0: 0x40000000..0x7fffffff    0 NONE\n", ""))
            .cpu(new Cpu(1, sizes, mixedEndian, false))
            .build();
    PlacementRequest request =
        TestMachines.request(machine, TestImages.arm64(MIB, MIB, 0, flags), LoadType.DEFAULT);

    if (runs) {
      assertThat(TestMachines.place(request).kernelEntry()).isEqualTo(0x4000_0000L);
    } else {
      KexecException refusal = refusal(request);
      assertThat(refusal.reason()).isEqualTo(Reason.CPU_CANNOT_RUN);
      assertThat(refusal.errno()).isEqualTo(Errno.EINVAL);
    }
  }

  /** Header version 0.2 brought the magic; nothing is asked of an older one. */
  @ParameterizedTest
  @CsvSource({"1, false, 1", "1, true, 0", "2, true, 0", "3, true, 0"})
  void riscv64ChecksTheMagicSinceItsHeaderHasOne(int version, boolean magic, int warnings) {
    byte[] header = riscv64(version, magic);

    PlacedLoad placed = place(Architecture.RISCV64, FileContent.of(ByteView.of(header)));

    assertThat(placed.warnings()).hasSize(warnings);
  }

  @Test
  void riscv64RefusesANewHeaderWithoutItsMagic() {
    assertThat(refusal(Architecture.RISCV64, ByteView.of(riscv64(2, false))).reason())
        .isEqualTo(Reason.UNKNOWN_FORMAT);
  }

  @Test
  void riscv64RefusesABigEndianImage() {
    ByteBuffer header = header(riscv64(2, true)).putLong(24, 1);

    assertThat(refusal(Architecture.RISCV64, ByteView.of(header.array())).reason())
        .isEqualTo(Reason.CPU_CANNOT_RUN);
    header.putLong(24, 2);
    assertThat(place(Architecture.RISCV64, FileContent.of(ByteView.of(header.array()))).warnings())
        .isEmpty();
  }

  private static byte[] riscv64(int version, boolean magic) {
    ByteBuffer header = header(TestImages.riscv64(64, MIB, 2 * MIB).known().toByteArray());
    header.putInt(32, version);
    if (!magic) {
      header.putInt(0x38, 0);
    }
    return header.array();
  }

  @Test
  void riscv64BeginsInItsPurgatory() {
    PlacedLoad placed =
        place(Architecture.RISCV64, TestImages.plain(Architecture.RISCV64, MIB, MIB));

    assertThat(placed.entry()).isEqualTo(mem(placed, SegmentRole.PURGATORY) + 0x150);
    assertThat(placed.kernelEntry()).isEqualTo(mem(placed, SegmentRole.KERNEL));
  }

  /** kernel_entry is linked at an address whose offset from the image's start is what counts. */
  @Test
  void loongArch64BeginsWhereKernelEntryIsInTheImage() {
    ByteBuffer header = header(TestImages.loongArch64(64, MIB, 0x20_0000).known().toByteArray());
    header.putLong(8, 0x20_0000 + 0x4_1000);

    PlacedLoad placed =
        place(Architecture.LOONGARCH64, FileContent.of(ByteView.of(header.array())));

    assertThat(mem(placed, SegmentRole.KERNEL)).isEqualTo(32 * MIB);
    assertThat(placed.entry()).isEqualTo(32 * MIB + 0x4_1000);
    assertThat(placed.kernelEntry()).isEqualTo(placed.entry());
  }

  @Test
  void x86BeginsInItsPurgatoryAndThenAtThe64BitEntry() {
    PlacedLoad placed = placeX86(header -> {});

    assertThat(placed.entry()).isEqualTo(mem(placed, SegmentRole.PURGATORY) + 0x150);
    assertThat(placed.kernelEntry()).isEqualTo(mem(placed, SegmentRole.KERNEL) + 0x200);
  }

  /** {@code bzImage64_probe}; what it does not like, no loader of the architecture takes. */
  @Test
  void x86RefusesEachFieldThatItChecks() {
    assertNoBzImage(header -> header.put(0x202, (byte) 'h'));
    assertNoBzImage(header -> header.putShort(0x1fe, (short) 0xaa54));
    assertNoBzImage(header -> header.putShort(0x206, (short) 0x20b));
    assertNoBzImage(header -> header.put(0x211, (byte) 0xfe));
    assertNoBzImage(header -> header.putShort(0x236, (short) 0x7e));
    assertNoBzImage(header -> header.putShort(0x236, (short) 0x7d));
  }

  @Test
  void x86TakesTheLeastThatItChecksFor() {
    PlacedLoad placed =
        placeX86(
            header ->
                header
                    .putShort(0x206, (short) 0x20c)
                    .put(0x211, (byte) 1)
                    .putShort(0x236, (short) 3));

    assertThat(placed.segments()).isNotEmpty();
  }

  private static void assertNoBzImage(Consumer<ByteBuffer> change) {
    KexecException refusal = refusalX86(change);
    assertThat(refusal.reason()).isEqualTo(Reason.UNKNOWN_FORMAT);
    assertThat(refusal.errno()).isEqualTo(Errno.ENOEXEC);
  }

  /** A kernel that runs with 5 levels enters the next one so; with 4 it does not matter. */
  @ParameterizedTest
  @CsvSource({"0x5f, true, false", "0x7f, true, true", "0x5f, false, true"})
  void x86NeedsXlf5LevelWhereTheRunningKernelUsesFive(String flags, boolean five, boolean loads) {
    short xloadflags = Integer.decode(flags).shortValue();
    PlacementRequest request =
        TestMachines.request(
            x86(new Cpu(1, new TreeSet<>(List.of(4)), true, five)),
            x86Image(header -> header.putShort(0x236, xloadflags)),
            LoadType.DEFAULT);

    if (loads) {
      assertThat(TestMachines.place(request).segments()).isNotEmpty();
    } else {
      assertThat(refusal(request).reason()).isEqualTo(Reason.UNKNOWN_FORMAT);
    }
  }

  /** XLF_5LEVEL says that such an entry works; XLF_5LEVEL_ENABLED that five are built in. */
  @ParameterizedTest
  @CsvSource({"0x7f, 5", "0x3f, 4"})
  void x86GoesToFiveLevelsWhereTheyAreBuiltIn(String flags, int levels) {
    short xloadflags = Integer.decode(flags).shortValue();
    PlacedLoad placed =
        TestMachines.place(
            TestMachines.request(
                x86(Cpu.UNKNOWN.withLa57()),
                x86Image(header -> header.putShort(0x236, xloadflags)),
                LoadType.DEFAULT));

    assertThat(placed.x86Start().orElseThrow().paging().levels()).isEqualTo(levels);
  }

  /** The boot sector and {@code setup_sects} more are not loaded; 0 stands for 4. */
  @ParameterizedTest
  @CsvSource({"0, 0xa00", "1, 0x400", "4, 0xa00", "5, 0xc00"})
  void x86LoadsWhatFollowsTheSetupCode(int setupSects, String setupSize) {
    int size = Integer.decode(setupSize);
    FileContent kernel = x86Image(header -> header.put(0x1f1, (byte) setupSects));

    KexecSegment segment = segment(place(Architecture.X86_64, kernel), SegmentRole.KERNEL);

    assertThat(segment.bufsz()).isEqualTo(X86_FILE - size);
    assertThat(segment.content()).contains(kernel.known().from(size));
  }

  @ParameterizedTest
  @CsvSource({"1, 0x400", "4, 0xa00", "0, 0xa00"})
  void x86TakesAFileThatEndsWithItsSetupCode(int setupSects, String setupSize) {
    int size = Integer.decode(setupSize);
    ByteView image = x86Image(header -> header.put(0x1f1, (byte) setupSects)).known();

    PlacedLoad placed = place(Architecture.X86_64, FileContent.of(image.slice(0, size)));

    assertThat(segment(placed, SegmentRole.KERNEL).bufsz()).isZero();
    KexecException refusal = refusal(Architecture.X86_64, image.slice(0, size - 1));
    assertThat(refusal.reason())
        .isEqualTo(size == 0x400 ? Reason.UNKNOWN_FORMAT : Reason.TRUNCATED);
    assertThat(refusal.errno()).isEqualTo(Errno.ENOEXEC);
  }

  @Test
  void x86RefusesAnAlignmentThatIsNoPowerOfTwo() {
    assertThat(refusalX86(header -> header.putInt(0x230, 3 << 20)).reason())
        .isEqualTo(Reason.BAD_HEADER);
    assertThat(placeX86(header -> header.putInt(0x230, 0)).segments()).isNotEmpty();
  }

  /** No memory is placed without a fault, and then the file's bytes do not fit into it. */
  @Test
  void x86RefusesAnInitSizeOfZeroAfterTheSearch() {
    assertThat(refusalX86(header -> header.putInt(0x260, 0)).reason())
        .isEqualTo(Reason.BAD_SEGMENT);
  }

  @Test
  void x86LoadsBzImagesAsTheyAre() {
    ByteView bzImage = x86Image(header -> {}).known();
    ByteView arm64 = TestImages.arm64(64, MIB, 0, 0).known();
    Placement placement = Placement.of(Architecture.X86_64);

    assertThat(placement.loads(BzImage.parse(bzImage, bzImage.size()))).isTrue();
    assertThat(placement.loads(Arm64Image.parse(arm64, arm64.size()))).isFalse();
  }

  private static FileContent x86Image(Consumer<ByteBuffer> change) {
    byte[] image = new byte[X86_FILE];
    byte[] header = TestImages.x86(X86_FILE, 4 * MIB, 2 * MIB, 16 * MIB).known().toByteArray();
    System.arraycopy(header, 0, image, 0, header.length);
    for (int at = header.length; at < image.length; at++) {
      image[at] = (byte) (at * 31 >>> 4);
    }
    change.accept(header(image));
    return FileContent.of(ByteView.of(image));
  }

  private static Machine x86(Cpu cpu) {
    return new MachineBuilder(Architecture.X86_64)
        .iomem(Iomem.parse("00001000-0009ffff : System RAM\n00100000-7fffffff : System RAM\n"))
        .bootLog(
            BootLog.parse(
                """
                BIOS-e820: [mem 0x0000000000001000-0x000000000009ffff] usable
                BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable
                """))
        .cpu(cpu)
        .build();
  }

  private static PlacedLoad placeX86(Consumer<ByteBuffer> change) {
    return place(Architecture.X86_64, x86Image(change));
  }

  private static KexecException refusalX86(Consumer<ByteBuffer> change) {
    return refusal(Architecture.X86_64, x86Image(change).known());
  }

  private static PlacedLoad place(Architecture architecture, FileContent kernel) {
    return TestMachines.place(request(architecture, kernel));
  }

  private static KexecException refusal(Architecture architecture, ByteView kernel) {
    return refusal(request(architecture, FileContent.of(kernel)));
  }

  private static KexecException refusal(PlacementRequest request) {
    return catchThrowableOfType(KexecException.class, () -> TestMachines.place(request));
  }

  private static PlacementRequest request(Architecture architecture, FileContent kernel) {
    return TestMachines.request(
        TestMachines.of(architecture, List.of(mib(32, 512))), kernel, LoadType.DEFAULT);
  }

  private static KexecSegment segment(PlacedLoad placed, SegmentRole role) {
    return placed.segments().stream().filter(s -> s.role() == role).findFirst().orElseThrow();
  }

  private static long mem(PlacedLoad placed, SegmentRole role) {
    return segment(placed, role).mem();
  }

  private static ByteBuffer header(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
