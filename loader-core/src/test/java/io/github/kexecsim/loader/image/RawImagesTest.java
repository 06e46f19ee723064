package io.github.kexecsim.loader.image;

import static io.github.kexecsim.loader.image.ImageFixtures.with32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The formats that kexec_file_load itself takes, and those that share their headers' shape. */
class RawImagesTest {
  @ParameterizedTest
  @CsvSource({
    "0x0, false, 0, false", "0xa, false, 4096, true", "0xb, true, 4096, true",
    "0x4, false, 16384, false", "0xe, false, 65536, true", "0xfffffff0, false, 0, false",
  })
  void arm64FlagsAreDecoded(String flags, boolean bigEndian, int pageSize, boolean anywhere) {
    Arm64Image image = arm64(with32(ImageFixtures.arm64(), 24, Long.decode(flags)));
    assertThat(image.bigEndian()).isEqualTo(bigEndian);
    assertThat(image.pageSize().orElse(0)).isEqualTo(pageSize);
    assertThat(image.anywhere()).isEqualTo(anywhere);
  }

  @Test
  void arm64ParsesFromItsFirst64Bytes() {
    byte[] file = ImageFixtures.arm64();
    assertThat(Arm64Image.parse(ByteView.of(file, 0, 64), file.length)).isEqualTo(arm64(file));
  }

  @Test
  void arm64WithoutImageSizeIsReadAndWarnedOf() {
    Arm64Image image = arm64(with32(ImageFixtures.arm64(), 16, 0));
    assertThat(image.rawImageSize()).isZero();
    assertThat(image.imageSize()).isEmpty();
    assertThat(image.findings()).hasSize(1);
  }

  @Test
  void imageSizeIsComparedUnsigned() {
    byte[] file = with32(ImageFixtures.arm64(), 20, 0x80000000L);
    assertThat(arm64(file).findings()).isEmpty();
    assertThat(new Layer(arm64(file), ByteView.of(file), Optional.empty()).extent())
        .contains(Extent.FILE);
  }

  @Test
  void fileLongerThanImageSizeIsWarnedOf() {
    assertThat(arm64(with32(ImageFixtures.arm64(), 16, 0x2fff)).findings()).hasSize(1);
    assertThat(arm64(with32(ImageFixtures.arm64(), 16, 0x3000)).findings()).isEmpty();
  }

  @Test
  void riscvFieldsAreRead() {
    RiscvImage image = riscv(ImageFixtures.riscv());
    assertThat(image.textOffset()).isEqualTo(0x200000);
    assertThat(image.imageSize()).hasValue(ImageFixtures.RAW_IMAGE_SIZE);
    assertThat(image.majorVersion()).isZero();
    assertThat(image.minorVersion()).isEqualTo(2);
    assertThat(image.findings()).isEmpty();
  }

  @Test
  void riscvWithoutMagic2IsRefusedFromVersion02On() {
    byte[] file = with32(ImageFixtures.riscv(), 0x38, 0);
    assertThatThrownBy(() -> riscv(file))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_HEADER));
    assertThat(riscv(with32(file, 32, 1)).findings()).isNotEmpty();
    assertThatThrownBy(() -> riscv(with32(file, 32, 0x80000000L)))
        .isInstanceOf(KexecException.class);
  }

  @Test
  void riscvsOwnTestTakesAnArm64ImageAndTheProbeDoesNot() {
    byte[] file = ImageFixtures.arm64();
    assertThat(riscv(file).findings()).isNotEmpty();
    assertThat(ImageProbe.parse(ByteView.of(file)).architecture()).contains(Architecture.ARM64);
  }

  @Test
  void loongArchFieldsAreRead() {
    byte[] file = ImageFixtures.loongArch();
    assertThat(LoongArchImage.parse(ByteView.of(file, 0, 64), file.length))
        .isEqualTo(
            new LoongArchImage(
                0x201000, ImageFixtures.RAW_IMAGE_SIZE, 0x200000, 0x818223cdL, 0x40, file.length));
  }

  @Test
  void loongArchEntryOutsideTheImageIsFound() {
    byte[] file = ImageFixtures.loongArch();
    assertThat(loongArchFlaws(with32(file, 8, 0x200000))).isEmpty();
    assertThat(loongArchFlaws(with32(file, 8, 0x200000 + ImageFixtures.RAW_IMAGE_SIZE - 1)))
        .isEmpty();
    assertThat(loongArchFlaws(with32(file, 8, 0x200000 + ImageFixtures.RAW_IMAGE_SIZE)))
        .containsExactly(Flaw.ENTRY_OUTSIDE_IMAGE);
    assertThat(loongArchFlaws(with32(file, 8, 0x1fffff))).containsExactly(Flaw.ENTRY_OUTSIDE_IMAGE);
    // Older kernels have a virtual address there, and no magic.
    assertThat(loongArchFlaws(with32(with32(file, 8, 0x1fffff), 0x38, 0))).isEmpty();
  }

  private static List<Flaw> loongArchFlaws(byte[] file) {
    return LoongArchImage.parse(ByteView.of(file), file.length).findings().stream()
        .map(Finding::flaw)
        .toList();
  }

  @Test
  void armZImageIsNamedAndReadInEitherByteOrder() {
    byte[] file = ImageFixtures.armZImage();
    ArmZImage little = ArmZImage.parse(ByteView.of(file), file.length);
    assertThat(little.architecture()).isEmpty();
    assertThat(little.end() - little.start()).isEqualTo(file.length);
    assertThat(little.bigEndian()).isFalse();
    assertThat(little.findings()).hasSize(1);
    byte[] big = with32(file, 0x30, 0x01020304);
    assertThat(ArmZImage.parse(ByteView.of(big), big.length).bigEndian()).isTrue();
  }

  @Test
  void bigEndianElfIsRead() {
    byte[] file = ImageFixtures.elf();
    file[5] = 2;
    file[18] = 0;
    file[19] = 62;
    ElfImage image = ElfImage.parse(ByteView.of(file));
    assertThat(image.machine()).isEqualTo(62);
    assertThat(image.entry()).isEqualTo(0x1_0000_0000L);
  }

  private static Arm64Image arm64(byte[] file) {
    return Arm64Image.parse(ByteView.of(file), file.length);
  }

  private static RiscvImage riscv(byte[] file) {
    return RiscvImage.parse(ByteView.of(file), file.length);
  }
}
