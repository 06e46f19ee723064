package io.github.kexecsim.loader.pe;

import static io.github.kexecsim.loader.pe.PeImages.DATA;
import static io.github.kexecsim.loader.pe.PeImages.RODATA;
import static io.github.kexecsim.loader.pe.PeImages.TEXT;
import static io.github.kexecsim.loader.pe.PeImages.block;
import static io.github.kexecsim.loader.pe.PeImages.file;
import static io.github.kexecsim.loader.pe.PeImages.filled;
import static io.github.kexecsim.loader.pe.PeImages.header;
import static io.github.kexecsim.loader.pe.PeImages.relocatable;
import static io.github.kexecsim.loader.pe.PeImages.sizedBlock;
import static io.github.kexecsim.loader.pe.PeImages.sound;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.PhysRange;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MappedPeTest {
  private static final long MAX = 1 << 20;
  private static final int RELOCS_STRIPPED = 0x207;

  @Test
  void sectionsAreAtTheirAddressesAndTheRestIsZero() {
    ByteView file = file(sound());
    MappedPe image = map(file, 0);

    byte[] expected = new byte[0x5000];
    file.copyTo(0, expected, 0, 0x200);
    file.copyTo(0x200, expected, 0x1000, 0x234);
    file.copyTo(0x600, expected, 0x2000, 0x200);
    file.copyTo(0x800, expected, 0x4000, 0x10);
    assertThat(image.content()).isEqualTo(ByteView.of(expected));
    assertThat(image.entry()).isEqualTo(0x1000);
    assertThat(image.parts())
        .containsExactly(
            new MappedPe.Part("", new PhysRange(0, 0x200), 0x200, Protection.RW),
            new MappedPe.Part(".text", new PhysRange(0x1000, 0x1234), 0x234, Protection.RX),
            new MappedPe.Part(".data", new PhysRange(0x2000, 0x3800), 0x200, Protection.RW),
            new MappedPe.Part(".rodata", new PhysRange(0x4000, 0x4010), 0x10, Protection.RW));
    assertThat(image.zeros()).containsExactly(new PhysRange(0x2200, 0x3800));
    assertThat(image.untouched())
        .containsExactly(
            new PhysRange(0x200, 0x1000),
            new PhysRange(0x1234, 0x2000),
            new PhysRange(0x3800, 0x4000),
            new PhysRange(0x4010, 0x5000));
  }

  @Test
  void laterSectionsGoOverEarlierOnes() {
    ByteView file =
        file(
            new PeWriter(PeMachine.ARM64)
                .section(".text", 0x1000, 0x3000, filled(0x2000, 1), TEXT)
                .section(".data", 0x1800, 0x1000, filled(0x400, 2), DATA));
    ByteView content = map(file, 0).content();
    assertThat(content.slice(0x1000, 0x800)).isEqualTo(filled(0x800, 1));
    assertThat(content.slice(0x1800, 0x400)).isEqualTo(filled(0x400, 2));
    assertThat(content.slice(0x1c00, 0xc00)).isEqualTo(filled(0xc00, 0));
    assertThat(content.slice(0x2800, 0x800)).isEqualTo(filled(0x800, 1));
  }

  @Test
  void virtualSizeOfZeroIsTheSizeInTheFile() {
    ByteView file =
        file(
            new PeWriter(PeMachine.ARM64)
                .section(".text", 0x1000, 0, filled(0x200, 1), TEXT)
                .sizeOfImage(0x2000));
    MappedPe image = map(file, 0);
    assertThat(image.content().slice(0x1000, 0x200)).isEqualTo(filled(0x200, 1));
    assertThat(image.parts().get(1).fromFile()).isEqualTo(0x200);
  }

  @Test
  void fixupsAreAppliedAwayFromTheImageBase() {
    ByteView file =
        file(
            relocatable(block(0x2000, 0x3010, 0xa020, 0x1040, 0x2050, 0), block(0x2100, 0xa000))
                .imageBase(0x10_0000));
    MappedPe there = map(file, 0x10_0000);
    assertThat(there.relocated()).isZero();
    assertThat(there.content().slice(0x2000, 0x200)).isEqualTo(filled(0x200, 2));

    MappedPe moved = map(file, 0x1_2345_6000L);
    long delta = 0x1_2345_6000L - 0x10_0000;
    ByteView data = moved.content().slice(0x2000, 0x200);
    assertThat(moved.relocated()).isEqualTo(5);
    assertThat(data.u32le(0x10)).isEqualTo((0x0202_0202L + delta) & 0xffff_ffffL);
    assertThat(data.u64le(0x20)).isEqualTo(0x0202_0202_0202_0202L + delta);
    assertThat(data.u16le(0x40)).isEqualTo((0x0202 + (int) (delta >> 16)) & 0xffff);
    assertThat(data.u16le(0x50)).isEqualTo((0x0202 + (int) delta) & 0xffff);
    assertThat(data.u64le(0x100)).isEqualTo(0x0202_0202_0202_0202L + delta);
  }

  @Test
  void baseIsToldInTheHeaderOfWhatCanBeMoved() {
    MappedPe image = map(file(sound().imageBase(0x5000_0000)), 0x4000_0000);
    assertThat(PeHeader.find(image.content()).orElseThrow().imageBase()).isEqualTo(0x5000_0000);
    MappedPe told = image.withBaseInHeader();
    assertThat(PeHeader.find(told.content()).orElseThrow().imageBase()).isEqualTo(0x4000_0000);
    assertThat(told.content().from(0x200)).isEqualTo(image.content().from(0x200));
    MappedPe stripped = map(file(sound().characteristics(RELOCS_STRIPPED)), 0);
    assertThat(stripped.withBaseInHeader()).isSameAs(stripped);
  }

  @Test
  void relocationTablesThatNoLinkerWritesAreRefused() {
    for (PeWriter defective :
        List.of(
            relocatable(sizedBlock(0x2000, 0, 0xa000)),
            relocatable(sizedBlock(0x2000, 4, 0xa000)),
            relocatable(sizedBlock(0x2000, 9, 0xa000)),
            relocatable(sizedBlock(0x2000, 12, 0xa000)),
            relocatable(sizedBlock(0x2000, 0xffff_fff8L, 0xa000)),
            relocatable(block(0x2000, 0xa000), new byte[7]),
            relocatable(block(0x2000, 0xa000), new byte[8]),
            relocatable(block(0x3ff9, 0xa000)),
            relocatable(block(0xffff_f000L, 0xafff)),
            relocatable(block(0x2000, 0x4000)),
            relocatable(block(0x2000, 0xf000)),
            relocatable(block(0x2000, 0xa000)).directory(5, 0x3000, 0x1001),
            relocatable(block(0x2000, 0xa000)).directory(5, 0xffff_ffffL, 0xffff_ffffL))) {
      ByteView file = file(defective);
      assertThat(map(file, 0).relocated()).isZero();
      assertRefused(Reason.BAD_HEADER, () -> map(file, 0x4000_0000));
    }
  }

  @Test
  void tableThatChangesItselfComesToAnEnd() {
    ByteView file = file(relocatable(block(0x3000, 0x3004, 0x3010, 0), block(0x2000, 0xa000, 0)));
    assertRefused(Reason.BAD_HEADER, () -> map(file, -0x10 & 0xffff_f000L));
  }

  @Test
  void strippedImagesRunAtTheirBaseOnly() {
    ByteView file = file(sound().imageBase(0x4000_0000).characteristics(RELOCS_STRIPPED));
    assertThat(map(file, 0x4000_0000).base()).isEqualTo(0x4000_0000);
    assertRefused(Reason.BAD_HEADER, () -> map(file, 0x4001_0000));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 3, 0x1800, 0xffff_ffffL})
  void alignmentIsAPowerOfTwo(long alignment) {
    ByteView file = file(sound().sectionAlignment((int) alignment).sizeOfImage(0x5000));
    assertRefused(Reason.BAD_HEADER, () -> map(file, 0x4000_0000));
  }

  @Test
  void whatFirmwareDoesNotLoadIsRefused() {
    assertRefused(Reason.BAD_HEADER, () -> map(file(sound().sizeOfImage(0x400f)), 0));
    assertRefused(Reason.BAD_HEADER, () -> map(file(sound().entryPoint(0x5000)), 0));
    assertRefused(Reason.BAD_HEADER, () -> map(file(sound().sizeOfHeaders(0x10)), 0));
    assertRefused(Reason.BAD_HEADER, () -> map(file(sound()), 0x4000_0800));
    assertRefused(Reason.TRUNCATED, () -> map(file(sound()).slice(0, 0x9ff), 0));
    assertRefused(Reason.TRUNCATED, () -> map(file(sound().directory(4, 0x900, 0x101)), 0));
    assertRefused(Reason.LIMIT_EXCEEDED, () -> map(file(sound().sizeOfImage(MAX + 1)), 0));
    assertRefused(Reason.BAD_MEMORY_MAP, () -> map(file(sound()), 1L << 52));
  }

  @Test
  void manySectionsOverTheSameMemoryAreBounded() {
    PeWriter writer = new PeWriter(PeMachine.ARM64).sizeOfImage(0x80000).sectionAlignment(0x1000);
    PeHeader.Section row = new PeHeader.Section("x", 0x1000, 0x7f000, 0x1000, 0x30000, TEXT);
    for (int i = 0; i < 3000; i++) {
      writer.section(row, ByteView.of(new byte[0]));
    }
    ByteView file = file(writer.section("y", 0x7e000, filled(0x20000, 1), DATA));
    assertRefused(Reason.LIMIT_EXCEEDED, () -> map(file, 0));
  }

  @ParameterizedTest
  @CsvSource({"0x1000, RX", "0x800, RWX", "0x10000, RX"})
  void protectionNeedsWholePages(String alignment, Protection text) {
    ByteView file =
        file(
            new PeWriter(PeMachine.ARM64)
                .sectionAlignment(Integer.decode(alignment))
                .section(".text", 0x10000, filled(0x200, 1), TEXT)
                .section(".data", 0x20000, filled(0x200, 1), DATA));
    assertThat(map(file, 0).parts().get(1).protection()).isEqualTo(text);
  }

  @Test
  void writableCodeIsData() {
    ByteView file =
        file(
            new PeWriter(PeMachine.ARM64)
                .section(".text", 0x1000, filled(0x200, 1), TEXT)
                .section(".both", 0x2000, filled(0x200, 1), TEXT | DATA));
    assertThat(map(file, 0).parts())
        .extracting(MappedPe.Part::protection)
        .containsExactly(Protection.RW, Protection.RX, Protection.RW);
  }

  @Test
  void imageWithoutCodeAloneIsNotProtected() {
    ByteView file =
        file(new PeWriter(PeMachine.ARM64).section(".all", 0x1000, filled(0x200, 1), TEXT | DATA));
    assertThat(map(file, 0).parts())
        .extracting(MappedPe.Part::protection)
        .containsOnly(Protection.RWX);
  }

  @Test
  void firmwareTriesTheImageBaseAndThenTheHighestPages() {
    FirmwareMemory memory =
        new FirmwareMemory(
            List.of(
                new PhysRange(0x4000_0000, 0x4000_5000),
                new PhysRange(0x8000_0000L, 0x8000_4fffL),
                new PhysRange(0x1000, 0x10_8800)));
    assertThat(put(sound(), memory)).isEqualTo(0x4000_0000);
    assertThat(put(sound().imageBase(0x10_1000), memory)).isEqualTo(0x10_1000);
    assertThat(put(sound().imageBase(0x10_4000), memory)).isEqualTo(0x4000_0000);
    assertThat(put(sound().imageBase(0x1000), memory)).isEqualTo(0x4000_0000);
    assertThat(put(sound().imageBase(0x1000).characteristics(RELOCS_STRIPPED), memory))
        .isEqualTo(0x1000);
    assertThat(put(sound().sectionAlignment(0x8000).sizeOfImage(0x5000), memory))
        .isEqualTo(0x10_0000);
    assertRefused(
        Reason.NO_ROOM,
        () -> put(sound().imageBase(0x10_4000).characteristics(RELOCS_STRIPPED), memory));
    assertRefused(Reason.NO_ROOM, () -> put(sound(), new FirmwareMemory(List.of())));
  }

  /** The memory map that an arm64 kernel of Linux 7.2 found when AAVMF 2022.11 had started it. */
  @Test
  void alignedImageIsWhereRealFirmwarePutIt() {
    FirmwareMemory memory = new FirmwareMemory(List.of(new PhysRange(0x4800_0000, 0x7c43_0000)));
    PeWriter kernel =
        new PeWriter(PeMachine.ARM64)
            .sectionAlignment(0x10000)
            .section(".text", 0x10000, filled(0x200, 1), TEXT)
            .section(".data", 0x3d_0000, 0x1e_0000, filled(0x200, 2), DATA);
    ByteView file = file(kernel);
    MappedPe image = MappedPe.of(header(file), file, memory::baseFor, 0x80_0000);
    assertThat(image.range()).isEqualTo(PhysRange.ofSize(0x7be7_0000, 0x5b_0000));
  }

  @Test
  void pageZeroIsNotHandedOut() {
    FirmwareMemory memory = new FirmwareMemory(List.of(new PhysRange(0, 0x5000)));
    assertRefused(Reason.NO_ROOM, () -> put(sound(), memory));
  }

  @Test
  void readOnlyDataMayBeLargerInMemory() {
    ByteView file =
        file(
            new PeWriter(PeMachine.ARM64)
                .section(".linux", 0x1000, 0x1001, filled(0x1000, 1), RODATA | TEXT));
    assertThat(map(file, 0).zeros()).containsExactly(new PhysRange(0x2000, 0x2001));
  }

  private static long put(PeWriter writer, FirmwareMemory memory) {
    ByteView file = file(writer);
    return MappedPe.of(header(file), file, memory::baseFor, MAX).base();
  }

  private static MappedPe map(ByteView file, long base) {
    return MappedPe.of(header(file), file, any -> base, MAX);
  }

  private static void assertRefused(Reason reason, Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
