package io.github.kexecsim.loader.image;

import static io.github.kexecsim.loader.image.ImageFixtures.with32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BzImageTest {
  private final byte[] image = ImageFixtures.bzImage(ImageFixtures.gzip(ImageFixtures.elf()));

  @Test
  void fieldsAreRead() {
    BzImage bz = parse(image);
    assertThat(bz.setupSize()).isEqualTo(4 * 512);
    assertThat(bz.loadflags()).isEqualTo(1);
    assertThat(bz.xloadflags()).isEqualTo(0x7f);
    assertThat(bz.initrdAddrMax()).isEqualTo(0x7fffffff);
    assertThat(bz.kernelAlignment()).isEqualTo(0x200000);
    assertThat(bz.relocatableKernel()).isTrue();
    assertThat(bz.cmdlineSize()).isEqualTo(2047);
    assertThat(bz.prefAddress()).isEqualTo(0x1000000);
    assertThat(bz.initSize()).isEqualTo(0x10000);
    assertThat(bz.architecture()).contains(Architecture.X86_64);
    assertThat(bz.findings()).isEmpty();
    assertThat(bz.fields()).hasSize(SetupField.values().length);
  }

  @Test
  void setupFieldsTileTheHeader() {
    int end = 0x1f1;
    Set<Integer> offsets = new HashSet<>();
    for (SetupField field : SetupField.values()) {
      assertThat(field.offset()).as(field.label()).isEqualTo(end);
      assertThat(offsets.add(field.offset())).isTrue();
      end += field.size();
    }
    assertThat(end).isEqualTo(0x26c);
  }

  @ParameterizedTest
  @EnumSource(SetupField.class)
  void fieldsThatTheProtocolDoesNotHaveAreAbsent(SetupField field) {
    assertThat(parse(image).value(field)).isPresent();
    if (field.since() > 0x200) {
      assertThat(parse(version(field.since() - 1)).value(field)).isEmpty();
      assertThat(parse(version(field.since())).value(field)).isPresent();
    }
  }

  @ParameterizedTest
  @CsvSource({"0x200, 0x224", "0x204, 0x230", "0x20c, 0x268", "0x20e, 0x268", "0x20f, 0x26c"})
  void headerNeedsTheBytesOfItsVersion(String version, String end) {
    byte[] old = version(Integer.decode(version));
    int size = Integer.decode(end);
    assertThat(BzImage.parse(ByteView.of(old, 0, size), old.length).head().size()).isEqualTo(size);
    assertThatThrownBy(() -> BzImage.parse(ByteView.of(old, 0, size - 1), old.length))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TRUNCATED));
  }

  @Test
  void imageIsTheSameFromItsHeadAndFromItsFile() {
    assertThat(BzImage.parse(ByteView.of(image, 0, 0x290), image.length)).isEqualTo(parse(image));
  }

  @Test
  void noSetupSectorsMeansFour() {
    byte[] file = image.clone();
    file[0x1f1] = 0;
    assertThat(parse(file).setupSize()).isEqualTo(5 * 512);
  }

  @Test
  void payloadLeavesOutTheSizeWordOfAllButGzip() {
    Payload gzip = parse(image).payload(ByteView.of(image)).orElseThrow();
    assertThat(gzip.offset()).isEqualTo(4 * 512 + 0x40);
    assertThat(gzip.size()).isEqualTo(parse(image).payloadLength());
    assertThat(gzip.declaredSize()).hasValue(ImageFixtures.RAW_SIZE);

    byte[] zstd =
        ImageFixtures.bzImage(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 1, 2, 3, 4});
    Payload payload = parse(zstd).payload(ByteView.of(zstd)).orElseThrow();
    assertThat(payload.size()).isEqualTo(4);
    assertThat(payload.declaredSize()).hasValue(0x04030201);
    assertThat(parse(zstd).wrapping(ByteView.of(zstd)))
        .contains(new Wrapping("zstd", payload.offset(), 8, payload.declaredSize()));
  }

  @Test
  void payloadThatCannotBeIsRefused() {
    assertRefused(Reason.BAD_HEADER, with32(image, 0x24c, 0));
    assertRefused(Reason.BAD_HEADER, with32(image, 0x24c, 4));
    assertRefused(Reason.TRUNCATED, with32(image, 0x24c, 0xffffffffL));
    assertRefused(Reason.TRUNCATED, with32(image, 0x248, 0xffffffffL));
    assertRefused(Reason.UNKNOWN_METHOD, with32(image, 0x248, 0x30));
    assertThat(parse(version(0x207)).payload(ByteView.of(image))).isEmpty();
  }

  @Test
  void oddHeadersAreWarnedOf() {
    assertThat(parse(with32(image, 0x24c, 0xffffffffL)).findings()).hasSize(1);
    assertThat(parse(with32(image, 0x236, 0)).findings()).hasSize(1);
    byte[] short0 = image.clone();
    short0[0x201] = 0x20;
    assertThat(parse(short0).findings()).hasSize(1);
    byte[] low = image.clone();
    low[0x211] = 0;
    assertThat(parse(low).findings()).hasSize(1);
    assertThat(BzImage.parse(ByteView.of(image), 1024).findings()).hasSize(1);
  }

  private byte[] version(int version) {
    byte[] file = image.clone();
    file[0x206] = (byte) version;
    file[0x207] = (byte) (version >> 8);
    return file;
  }

  private static BzImage parse(byte[] file) {
    return BzImage.parse(ByteView.of(file), file.length);
  }

  private static void assertRefused(Reason reason, byte[] file) {
    assertThatThrownBy(() -> parse(file).payload(ByteView.of(file)))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
