package io.github.kexecsim.loader.image;

import static io.github.kexecsim.loader.image.ImageFixtures.RAW_SIZE;
import static io.github.kexecsim.loader.image.ImageFixtures.with32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is found wrong in the headers of images that are not wrapped. */
class RawFindingsTest {
  private static final int IMAGE_SIZE = 16;
  private static final int FLAGS = 24;

  static Stream<Arguments> images() {
    return Stream.of(
        Arguments.of(Architecture.ARM64, ImageFixtures.arm64()),
        Arguments.of(Architecture.RISCV64, ImageFixtures.riscv()),
        Arguments.of(Architecture.LOONGARCH64, ImageFixtures.loongArch()));
  }

  @ParameterizedTest
  @MethodSource("images")
  void theSizeInMemoryIsThereAndCoversTheFile(Architecture architecture, byte[] file) {
    KernelImage sound = ImageProbe.parse(ByteView.of(file));
    assertThat(sound.architecture()).contains(architecture);
    assertThat(sound.findings()).isEmpty();

    assertThat(flaws(with32(file, IMAGE_SIZE, 0))).containsExactly(Flaw.NO_IMAGE_SIZE);
    assertThat(ImageProbe.parse(ByteView.of(with32(file, IMAGE_SIZE, 0))).imageSize()).isEmpty();
    assertThat(flaws(with32(file, IMAGE_SIZE, RAW_SIZE - 1)))
        .containsExactly(Flaw.LARGER_THAN_IMAGE_SIZE);
    assertThat(flaws(with32(file, IMAGE_SIZE, RAW_SIZE))).isEmpty();
    assertThat(flaws(with32(with32(file, IMAGE_SIZE, 0), IMAGE_SIZE + 4, 0x8000_0000L))).isEmpty();
  }

  /** arm64 defines bits 0 to 3, riscv64 bit 0. */
  @Test
  void undefinedFlagsAreFound() {
    byte[] arm64 = ImageFixtures.arm64();
    assertThat(flaws(with32(arm64, FLAGS, 0xf))).isEmpty();
    assertThat(flaws(with32(arm64, FLAGS, 0x10))).containsExactly(Flaw.UNDEFINED_FLAGS);
    assertThat(flaws(with32(arm64, FLAGS + 4, 1))).containsExactly(Flaw.UNDEFINED_FLAGS);

    byte[] riscv = ImageFixtures.riscv();
    assertThat(flaws(with32(riscv, FLAGS, 1))).isEmpty();
    assertThat(flaws(with32(riscv, FLAGS, 2))).containsExactly(Flaw.UNDEFINED_FLAGS);
    assertThat(riscv(with32(riscv, FLAGS, 1)).bigEndian()).isTrue();
    assertThat(riscv(riscv).bigEndian()).isFalse();
  }

  @Test
  void anOldRiscvHeaderMayLackItsMagic() {
    byte[] old = with32(with32(ImageFixtures.riscv(), 32, 1), 0x38, 0);

    assertThat(flaws(old)).containsExactly(Flaw.MAGIC_MISSING);
  }

  @Test
  void riscvVersionsAreTwoNumbers() {
    RiscvImage image = riscv(with32(ImageFixtures.riscv(), 32, 0x12_0034));

    assertThat(image.majorVersion()).isEqualTo(0x12);
    assertThat(image.minorVersion()).isEqualTo(0x34);
  }

  @Test
  void arm32IsNotModelledAndMayBeCutShort() {
    byte[] file = ImageFixtures.armZImage();

    assertThat(flaws(file)).containsExactly(Flaw.NOT_MODELLED);
    assertThat(flaws(with32(file, 0x2c, RAW_SIZE + 1)))
        .containsExactly(Flaw.NOT_MODELLED, Flaw.BEYOND_FILE);
    assertThat(flaws(with32(with32(file, 0x28, 0x1000), 0x2c, RAW_SIZE + 0x1000)))
        .containsExactly(Flaw.NOT_MODELLED);
    assertThat(flaws(with32(file, 0x30, 0x0102_0304))).containsExactly(Flaw.NOT_MODELLED);
    assertThat(flaws(with32(file, 0x30, 0x0102_0305)))
        .containsExactly(Flaw.NOT_MODELLED, Flaw.UNKNOWN_ENDIANNESS);
    assertThat(ImageProbe.parse(ByteView.of(file)).unsupported()).isPresent();
  }

  @ParameterizedTest
  @CsvSource({
    "2, 62,  X86_64",
    "2, 183, ARM64",
    "2, 243, RISCV64",
    "2, 258, LOONGARCH64",
    "2, 40,",
    "1, 62,"
  })
  void elfTellsItsArchitecture(int elfClass, int machine, Architecture architecture) {
    byte[] file = with32(ImageFixtures.elf(), 16, machine << 16 | 2);
    file[4] = (byte) elfClass;

    assertThat(ElfImage.parse(ByteView.of(file)).architecture().orElse(null))
        .isEqualTo(architecture);
  }

  @Test
  void elfHasTwoClassesAndTwoByteOrders() {
    for (int offset : new int[] {4, 5}) {
      for (int value : new int[] {0, 3}) {
        byte[] file = ImageFixtures.elf();
        file[offset] = (byte) value;
        assertThatThrownBy(() -> ElfImage.parse(ByteView.of(file)))
            .isInstanceOfSatisfying(
                KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_HEADER));
      }
    }
  }

  /** RFC 1952, 2.3: ID1, ID2, CM, FLG, MTIME, XFL, OS; CRC32 and ISIZE end the file. */
  @Test
  void gzipHeadersAreRead() {
    byte[] file = ImageFixtures.gzip(new byte[1000]);
    file[3] = 0x1e;
    file[4] = 0x34;
    file[5] = 0x12;
    file[8] = 2;
    file[9] = 3;

    GzipImage image = GzipImage.parse(ByteView.of(file));

    assertThat(image).isEqualTo(new GzipImage(0x1e, 0x1234, 2, 3, 1000, file.length));
    assertThat(image.fields())
        .contains(
            new Field("MTIME", "4660", "seconds since 1970"),
            new Field("ISIZE", "1000", "uncompressed size modulo 2^32"))
        .anyMatch(field -> field.meaning().equals("FHCRC FEXTRA FNAME FCOMMENT"));
    assertThat(GzipImage.optionalParts(1)).isEmpty();
    assertThat(image.payload(ByteView.of(file)).orElseThrow().size()).isEqualTo(file.length);
  }

  /** Its method is deflate, and three bits of its flags are reserved. */
  @ParameterizedTest
  @CsvSource({"2, 7", "3, 0x20", "3, 0x40", "3, 0x80"})
  void otherGzipHeadersAreRefused(int offset, String value) {
    byte[] file = ImageFixtures.gzip(new byte[1000]);
    file[offset] = Integer.decode(value).byteValue();

    assertThatThrownBy(() -> GzipImage.parse(ByteView.of(file)))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_HEADER));
  }

  /** What the file, or syssize in units of 16 bytes, holds to the last byte is inside. */
  @Test
  void whatABzImageSaysIsInsideOfItsFile() {
    byte[] file = ImageFixtures.bzImage(ImageFixtures.gzip(ImageFixtures.elf()));
    BzImage image = BzImage.parse(ByteView.of(file), file.length);
    int end = (int) image.payloadEnd();

    assertThat(bzFlaws(file, end)).isEmpty();
    assertThat(bzFlaws(file, end - 1)).containsExactly(Flaw.BEYOND_FILE);
    assertThat(bzFlaws(with32(file, 0x24c, 0), 0x840)).isEmpty();
    assertThat(bzFlaws(with32(with32(file, 0x24c, 0), 0x248, 0), 0x800)).isEmpty();
    assertThat(bzFlaws(with32(with32(file, 0x24c, 0), 0x248, 0), 0x7ff))
        .containsExactly(Flaw.BEYOND_FILE);

    long length = (image.payloadLength() + 15) / 16 * 16;
    byte[] whole = with32(file, 0x24c, length);
    assertThat(bzFlaws(with32(whole, 0x1f4, 4 + length / 16), file.length)).isEmpty();
    assertThat(bzFlaws(with32(whole, 0x1f4, 3 + length / 16), file.length))
        .containsExactly(Flaw.PAYLOAD_NOT_INSIDE);
  }

  private static List<Flaw> bzFlaws(byte[] file, long size) {
    return BzImage.parse(ByteView.of(file), size).findings().stream().map(Finding::flaw).toList();
  }

  private static RiscvImage riscv(byte[] file) {
    return RiscvImage.parse(ByteView.of(file), file.length);
  }

  private static List<Flaw> flaws(byte[] file) {
    return ImageProbe.parse(ByteView.of(file)).findings().stream().map(Finding::flaw).toList();
  }
}
