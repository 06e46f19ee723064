package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import io.github.kexecsim.loader.uki.UkiBuilder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UkiFindingsTest {
  private static final int MIB = 1 << 20;

  private static List<Finding> findings(UkiBuilder uki) {
    ByteView file = uki.view();
    return new Layer(ImageProbe.parse(file), file, Optional.empty()).findings();
  }

  private static List<Flaw> flaws(UkiBuilder uki) {
    return findings(uki).stream().map(Finding::flaw).toList();
  }

  private static Finding finding(UkiBuilder uki, Flaw flaw) {
    return findings(uki).stream()
        .filter(found -> found.flaw() == flaw)
        .findFirst()
        .orElseThrow(() -> new AssertionError(flaw + " was not found"));
  }

  private static UkiBuilder uki() {
    return UkiBuilder.of(PeMachine.ARM64)
        .section(".osrel", "ID=test\n")
        .section(".cmdline", "quiet")
        .section(".linux", ImageFixtures.arm64());
  }

  /** A bzImage that takes so much memory when it decompresses itself. */
  private static byte[] bzImage(int size, long initSize) {
    byte[] image = ImageFixtures.bzImage(ImageFixtures.gzip(ImageFixtures.elf()));
    return ImageFixtures.with32(Arrays.copyOf(image, size), 0x260, initSize);
  }

  private static UkiBuilder x86() {
    return UkiBuilder.of(PeMachine.X86_64).section(".osrel", "ID=test\n");
  }

  @Test
  void aSoundUkiHasNone() {
    assertThat(flaws(uki())).isEmpty();
  }

  @Test
  void aKernelThatRunsIntoTheInitrdIsFoundWithItsAddresses() {
    UkiBuilder uki =
        x86()
            .at(".linux", 0x2000000, bzImage(48 * MIB, 16 * MIB))
            .at(".initrd", 0x3000000, new byte[MIB]);
    assertThat(flaws(uki))
        .contains(Flaw.KERNEL_LARGER_THAN_SLOT, Flaw.NO_ROOM_TO_DECOMPRESS, Flaw.SECTIONS_OVERLAP);
    Finding slot = finding(uki, Flaw.KERNEL_LARGER_THAN_SLOT);
    assertThat(slot.message()).contains("0x2000000", "0x4ffffff", "0x3000000", ".initrd");
    assertThat(slot.remedy()).contains("place .initrd at 0x5000000 or above");
  }

  @Test
  void whateverTheKernelIsItStaysInItsSlot() {
    UkiBuilder noKernel =
        x86().at(".linux", 0x2000000, new byte[0x2000]).at(".initrd", 0x2001000, new byte[16]);
    assertThat(flaws(noKernel)).contains(Flaw.KERNEL_LARGER_THAN_SLOT);
  }

  @Test
  void tooLittleRoomToDecompressIsFoundThoughNothingOverlaps() {
    UkiBuilder uki =
        x86()
            .at(".linux", 0x2000000, bzImage(8 * MIB, 32 * MIB))
            .at(".initrd", 0x3000000, new byte[16]);
    Finding room = finding(uki, Flaw.NO_ROOM_TO_DECOMPRESS);
    assertThat(room.isDefect()).isTrue();
    assertThat(room.remedy()).contains("place .initrd at 0x4201000 or above");
    assertThat(flaws(uki)).doesNotContain(Flaw.KERNEL_LARGER_THAN_SLOT, Flaw.SECTIONS_OVERLAP);
  }

  @Test
  void withRoomEnoughThereIsNothingToFind() {
    UkiBuilder uki =
        x86()
            .at(".linux", 0x2000000, bzImage(8 * MIB, 32 * MIB))
            .at(".initrd", 0x4201000, new byte[16]);
    assertThat(flaws(uki)).isEmpty();
    UkiBuilder last = x86().section(".initrd", "i").section(".linux", bzImage(MIB, 32 * MIB));
    assertThat(flaws(last)).isEmpty();
  }

  /** The fixture has no PE header, so its EFI stub is not known to be newer than 1.0. */
  @ParameterizedTest
  @CsvSource({
    "249, NO_ROOM_TO_DECOMPRESS",
    "252.39-1~deb12u2, NO_ROOM_TO_DECOMPRESS",
    "257.4, NO_ROOM_TO_DECOMPRESS",
    "258, LITTLE_ROOM_BEHIND_KERNEL",
    "260~rc1, LITTLE_ROOM_BEHIND_KERNEL"
  })
  void itDependsOnTheStubWhetherTheKernelRunsInPlace(String version, Flaw expected) {
    UkiBuilder uki =
        x86().stub(version).section(".linux", bzImage(MIB, 32 * MIB)).section(".initrd", "initrd");
    assertThat(flaws(uki)).containsExactly(expected);
  }

  @Test
  void elsewhereThanOnX86KernelsAreCopied() {
    assertThat(flaws(uki().section(".initrd", "initrd")))
        .containsExactly(Flaw.LITTLE_ROOM_BEHIND_KERNEL);
  }

  @Test
  void aSizeInMemoryBeyondTheDataIsFound() {
    UkiBuilder uki =
        UkiBuilder.of(PeMachine.ARM64)
            .section(".osrel", "ID=test\n")
            .sized(".linux", MIB, ImageFixtures.arm64());
    assertThat(flaws(uki)).containsExactly(Flaw.VIRTUAL_SIZE_BEYOND_DATA);
    assertThat(flaws(uki().sized(".other", MIB, new byte[16])))
        .containsExactly(Flaw.LITTLE_ROOM_BEHIND_KERNEL, Flaw.SECTION_ZERO_FILLED);
    assertThat(finding(uki, Flaw.VIRTUAL_SIZE_BEYOND_DATA).remedy()).contains("0x3000");
  }

  @Test
  void sectionsThatMayBeThereOnceAreFoundTwice() {
    assertThat(flaws(uki().section(".cmdline", "a").section(".cmdline", "b")))
        .contains(Flaw.REPEATED_SECTION)
        .filteredOn(Flaw.REPEATED_SECTION::equals)
        .hasSize(1);
    assertThat(flaws(uki().section(".profile", "ID=a").section(".cmdline", "a")))
        .doesNotContain(Flaw.REPEATED_SECTION);
    assertThat(flaws(uki().section(".dtbauto", "a").section(".dtbauto", "b")))
        .doesNotContain(Flaw.REPEATED_SECTION);
  }

  @Test
  void manyFindingsAreCutButForDefects() {
    UkiBuilder uki = UkiBuilder.of(PeMachine.ARM64).section(".osrel", "ID=test\n");
    for (int i = 0; i < 1000; i++) {
      uki.section(".dtbauto", "").section(".uname", "\0");
    }
    uki.section(".initrd", "a").section(".initrd", "b").section(".linux", ImageFixtures.arm64());
    ByteView file = uki.view();
    List<Finding> findings = ImageProbe.parse(file).findings(file);
    assertThat(findings).hasSizeLessThan(25);
    assertThat(findings)
        .extracting(Finding::flaw)
        .contains(Flaw.MORE_FINDINGS, Flaw.REPEATED_SECTION);
    assertThat(findings).anyMatch(found -> found.message().contains(".initrd"));
  }

  @ParameterizedTest
  @ValueSource(strings = {".osrel", ".uname", ".profile"})
  void aNulInATextIsFound(String name) {
    UkiBuilder uki = UkiBuilder.of(PeMachine.ARM64).section(".linux", ImageFixtures.arm64());
    assertThat(finding(uki.section(name, "a\0b"), Flaw.NUL_IN_TEXT).message()).contains("0x1");
  }

  @ParameterizedTest
  @ValueSource(strings = {".dtb", ".dtbauto"})
  void whatIsNoDeviceTreeIsFound(String name) {
    assertThat(finding(uki().section(name, "no tree"), Flaw.BAD_DEVICE_TREE).isDefect()).isTrue();
    byte[] tree = new FdtBuilder().string("compatible", "m").build();
    assertThat(flaws(uki().section(name, tree))).doesNotContain(Flaw.BAD_DEVICE_TREE);
    assertThat(flaws(uki().sized(name, 0, new byte[0]))).doesNotContain(Flaw.BAD_DEVICE_TREE);
  }

  @Test
  void revocationDataMayEndWithANul() {
    assertThat(flaws(uki().section(".sbat", "sbat,1\n\0"))).doesNotContain(Flaw.NUL_IN_TEXT);
  }

  @Test
  void emptyAndMissingSectionsAreFound() {
    UkiBuilder bare = UkiBuilder.of(PeMachine.ARM64).section(".linux", ImageFixtures.arm64());
    assertThat(flaws(bare)).containsExactly(Flaw.NO_OS_RELEASE);
    assertThat(flaws(uki().sized(".initrd", 0, new byte[0]))).contains(Flaw.EMPTY_SECTION);
    UkiBuilder none =
        UkiBuilder.of(PeMachine.ARM64).section(".osrel", "a").sized(".linux", 0, new byte[0]);
    assertThat(finding(none, Flaw.NO_KERNEL_SECTION).message()).contains("empty");
    assertThat(finding(none, Flaw.NO_KERNEL_SECTION).remedy()).doesNotContain(".profile");
    UkiBuilder elsewhere =
        UkiBuilder.of(PeMachine.ARM64)
            .section(".profile", "ID=a")
            .section(".profile", "ID=b")
            .section(".linux", ImageFixtures.arm64());
    assertThat(finding(elsewhere, Flaw.NO_KERNEL_SECTION).message()).contains("no section", "@0");
  }

  @Test
  void aCommandLineThatTheKernelCannotTakeIsFound() {
    String line = "x".repeat(2048);
    UkiBuilder uki = x86().section(".cmdline", line).section(".linux", bzImage(MIB, MIB));
    assertThat(finding(uki, Flaw.COMMAND_LINE_TOO_LONG).message()).contains("0x800", "0x7ff");
    UkiBuilder fits =
        x86().section(".cmdline", line.substring(1)).section(".linux", bzImage(MIB, MIB));
    assertThat(flaws(fits)).isEmpty();
  }

  @Test
  void aKernelOfAnotherArchitectureIsFound() {
    assertThat(flaws(x86().section(".linux", ImageFixtures.arm64())))
        .containsExactly(Flaw.KERNEL_OF_OTHER_ARCHITECTURE);
  }
}
