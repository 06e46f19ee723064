package io.github.kexecsim.loader.image;

import static io.github.kexecsim.loader.image.ImageFixtures.with32;
import static io.github.kexecsim.loader.image.ImageFixtures.withText;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZbootImageTest {
  private static final int OFFSET_FIELD = 0x8;
  private static final int SIZE_FIELD = 0xc;

  private final byte[] image = ImageFixtures.zboot(ImageFixtures.arm64());

  @ParameterizedTest
  @CsvSource({
    "gzip, GZIP",
    "lz4, LZ4",
    "lzma, LZMA",
    "lzo, LZO",
    "xz, XZ",
    "xzkern, XZ",
    "zstd, ZSTD",
    "zstd22, ZSTD",
  })
  void methodNamesOfEveryKernelAreKnown(String name, CompressionMethod method) {
    byte[] file = ImageFixtures.zboot(name, ImageFixtures.noise(100), 4000);
    ZbootImage zboot = ZbootImage.parse(ByteView.of(file));
    assertThat(zboot.methodName()).isEqualTo(name);
    assertThat(zboot.method()).contains(method);
    assertThat(zboot.payload(ByteView.of(file)).orElseThrow().method()).contains(method);
    assertThat(zboot.wrapping(ByteView.of(file)).orElseThrow().method()).isEqualTo(name);
  }

  @Test
  void sizeWordIsBehindThePayloadForAllButGzip() {
    byte[] payload = ImageFixtures.noise(100);
    payload[96] = 0x39;
    payload[97] = 0x30;
    byte[] zstd = ImageFixtures.zboot("zstd", payload, 4000);
    byte[] gzip = ImageFixtures.zboot("gzip", payload, 4000);
    assertThat(ZbootImage.parse(ByteView.of(zstd)).uncompressedSize()).hasValue(4000);
    assertThat(ZbootImage.parse(ByteView.of(gzip)).uncompressedSize())
        .hasValue(ByteView.of(payload).u32le(96));
  }

  @ParameterizedTest
  @CsvSource({"bzip3", "gzip2", "XZ", "zstd23"})
  void unknownMethodIsAnErrorOnlyWhenThePayloadIsAskedFor(String name) {
    ByteView file = ByteView.of(withText(image, ZbootImage.METHOD_OFFSET, name));
    ZbootImage zboot = ZbootImage.parse(file);
    assertThat(zboot.method()).isEmpty();
    assertThat(zboot.uncompressedSize()).isEmpty();
    assertThat(zboot.findings()).hasSize(1);
    assertRefused(Reason.UNKNOWN_METHOD, () -> zboot.payload(file));
  }

  @Test
  void methodNameMustBeThereAndEnd() {
    assertRefused(Reason.BAD_HEADER, withText(image, ZbootImage.METHOD_OFFSET, ""));
    assertRefused(Reason.BAD_HEADER, withText(image, ZbootImage.METHOD_OFFSET, "x".repeat(32)));
  }

  @Test
  void methodNameIsShownWithoutItsControlCharacters() {
    ZbootImage zboot =
        ZbootImage.parse(ByteView.of(withText(image, ZbootImage.METHOD_OFFSET, "\u001b[2J")));
    assertThat(zboot.methodName()).isEqualTo("\u001b[2J");
    assertThat(zboot.fields()).extracting(Field::value).contains("\\x1b[2J");
  }

  @ParameterizedTest
  @CsvSource({"ffffffff", "fffffffe", "fffff000", "80000000", "7fffffff"})
  void payloadThatWrapsAroundIn32BitsIsTruncated(String value) {
    long extreme = Long.parseLong(value, 16);
    assertRefused(Reason.TRUNCATED, with32(image, OFFSET_FIELD, extreme));
    assertRefused(Reason.TRUNCATED, with32(image, SIZE_FIELD, extreme));
    long offset = ByteView.of(image).u32le(OFFSET_FIELD);
    assertRefused(Reason.TRUNCATED, with32(image, SIZE_FIELD, (1L << 32) - offset));
    assertRefused(Reason.TRUNCATED, with32(image, SIZE_FIELD, (1L << 32) - offset + 100));
  }

  @Test
  void payloadMayEndWithTheFileButNotBehindIt() {
    long room = image.length - ByteView.of(image).u32le(OFFSET_FIELD);
    byte[] exact = with32(image, SIZE_FIELD, room);
    assertThat(ZbootImage.parse(ByteView.of(exact)).payloadSize()).isEqualTo(room);
    assertRefused(Reason.TRUNCATED, with32(image, SIZE_FIELD, room + 1));
    assertRefused(Reason.TRUNCATED, withText(exact, ZbootImage.METHOD_OFFSET, "zstd"));
  }

  @Test
  void payloadInsideTheHeaderIsRefused() {
    assertRefused(Reason.BAD_HEADER, with32(image, OFFSET_FIELD, 0));
    assertRefused(Reason.BAD_HEADER, with32(image, OFFSET_FIELD, 0x3f));
  }

  @Test
  void gzipPayloadNeedsHeaderAndTrailer() {
    assertRefused(Reason.BAD_HEADER, with32(image, SIZE_FIELD, 0));
    assertRefused(Reason.TRUNCATED, with32(image, SIZE_FIELD, 19));
  }

  @Test
  void gzipPartsThatTheStubDoesNotSkipAreWarnedOf() {
    assertThat(ZbootImage.parse(ByteView.of(image)).findings()).isEmpty();
    int flags = (int) ByteView.of(image).u32le(OFFSET_FIELD) + 3;
    byte[] named = image.clone();
    named[flags] = GzipImage.FNAME;
    assertThat(ZbootImage.parse(ByteView.of(named)).findings())
        .singleElement()
        .asString()
        .contains("FNAME");
    named[flags] = GzipImage.FEXTRA;
    assertThat(ZbootImage.parse(ByteView.of(named)).findings()).hasSize(1);
    named[flags] = 1;
    assertThat(ZbootImage.parse(ByteView.of(named)).findings()).isEmpty();
  }

  @Test
  void payloadThatBeginsLikeAnotherMethodIsWarnedOf() {
    byte[] mislabelled = withText(image, ZbootImage.METHOD_OFFSET, "zstd");
    assertThat(ZbootImage.parse(ByteView.of(mislabelled)).findings()).hasSize(1);
  }

  /** The stub of another method reads no gzip header at all. */
  @Test
  void gzipPartsOfAMislabelledPayloadAreNoMatter() {
    byte[] mislabelled = withText(image, ZbootImage.METHOD_OFFSET, "lzma");
    mislabelled[(int) ByteView.of(image).u32le(OFFSET_FIELD) + 3] = GzipImage.FNAME;
    assertThat(ZbootImage.parse(ByteView.of(mislabelled)).findings())
        .extracting(Finding::flaw)
        .containsExactly(Flaw.METHOD_MISMATCH);
  }

  @Test
  void peHeaderMustBeThere() {
    assertRefused(Reason.BAD_HEADER, with32(image, ZbootImage.PE_OFFSET_OFFSET, 0));
    assertRefused(Reason.BAD_HEADER, with32(image, ZbootImage.PE_OFFSET_OFFSET, 0xffffffffL));
    assertRefused(Reason.BAD_HEADER, with32(image, 0x58, 0x107));
  }

  @Test
  void peSectionTableMustFitTheFile() {
    byte[] many = image.clone();
    many[0x46] = (byte) 0xff;
    many[0x47] = (byte) 0xff;
    assertRefused(Reason.TRUNCATED, many);
  }

  @ParameterizedTest
  @CsvSource({
    "aa64, ARM64",
    "5064, RISCV64",
    "6264, LOONGARCH64",
    "8664, X86_64",
    "01c2, ",
    "014c, ",
    "0000, ",
    "ffff, ",
  })
  void architectureIsThePeMachines(String machine, Architecture arch) {
    byte[] changed = image.clone();
    int number = Integer.parseInt(machine, 16);
    changed[0x44] = (byte) number;
    changed[0x45] = (byte) (number >> 8);
    assertThat(ZbootImage.parse(ByteView.of(changed)).architecture().orElse(null)).isEqualTo(arch);
  }

  private static void assertRefused(Reason reason, byte[] file) {
    assertRefused(reason, () -> ZbootImage.parse(ByteView.of(file)));
  }

  private static void assertRefused(Reason reason, Runnable parse) {
    assertThatThrownBy(parse::run)
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
