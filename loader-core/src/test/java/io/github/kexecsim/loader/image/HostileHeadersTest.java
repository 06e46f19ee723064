package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Headers that were cut, edited and made up: an error of ours or an image, and nothing else. */
class HostileHeadersTest {
  private static final int LOOKED_AT = 4096;

  static Stream<Arguments> images() {
    return ImageFixtures.all().entrySet().stream()
        .map(image -> Arguments.of(image.getKey(), image.getValue()));
  }

  static Stream<Arguments> parsers() {
    Map<String, byte[]> images = ImageFixtures.all();
    return Stream.of(
        parser("zboot", images, 0x40, ZbootImage::parse),
        parser("arm64-image", images, 0x40, head -> Arm64Image.parse(head, 4096)),
        parser("riscv-image", images, 0x40, head -> RiscvImage.parse(head, 4096)),
        parser("loongarch-image", images, 0x40, head -> LoongArchImage.parse(head, 4096)),
        parser("arm-zImage", images, 0x3c, head -> ArmZImage.parse(head, 4096)),
        parser("bzImage", images, 0x26c, head -> BzImage.parse(head, 4096)),
        parser("gzip", images, 20, GzipImage::parse),
        parser("elf", images, 64, ElfImage::parse));
  }

  private static Arguments parser(
      String name,
      Map<String, byte[]> images,
      int headerSize,
      Function<ByteView, KernelImage> parser) {
    return Arguments.of(name, images.get(name), headerSize, parser);
  }

  @ParameterizedTest
  @MethodSource("images")
  void validImageIsRecognised(String format, byte[] image) {
    assertThat(Hostile.parse(image)).map(KernelImage::format).contains(format);
  }

  @ParameterizedTest
  @MethodSource("parsers")
  void headerCutAnywhereIsRefused(
      String name, byte[] image, int headerSize, Function<ByteView, KernelImage> parser) {
    for (int length = 0; length < headerSize; length++) {
      ByteView cut = ByteView.of(image, 0, length);
      assertThatThrownBy(() -> parser.apply(cut))
          .as("%s cut to %s bytes", name, length)
          .isInstanceOfSatisfying(
              KexecException.class,
              e -> assertThat(e.reason()).isIn(Reason.TRUNCATED, Reason.BAD_HEADER));
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void fileCutAnywhereIsAnErrorOrAnImage(String format, byte[] image) {
    for (int length = 0; length < image.length; length += length < 0x400 ? 1 : 61) {
      Hostile.parse(Arrays.copyOf(image, length));
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void extremeFieldsAreErrorsOrImages(String format, byte[] image) {
    List<Long> extremes = List.of(0L, 1L, -1L, -2L, 1L << 31, (1L << 31) - 1, 1L << 63);
    byte[] changed = image.clone();
    for (int width : new int[] {1, 2, 4, 8}) {
      for (int offset = 0; offset + width <= 0x300; offset++) {
        for (long value : extremes) {
          for (int i = 0; i < width; i++) {
            changed[offset + i] = (byte) (value >> 8 * i);
          }
          Hostile.parse(changed);
        }
        System.arraycopy(image, offset, changed, offset, width);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void flippedBytesAreErrorsOrImages(String format, byte[] image) {
    byte[] changed = image.clone();
    for (int i = 0; i < Math.min(LOOKED_AT, image.length); i++) {
      for (int mask : new int[] {0xff, 1, 0x80}) {
        changed[i] ^= (byte) mask;
        Hostile.parse(changed);
        if (mask == 0xff) {
          Hostile.peel(changed);
        }
        changed[i] ^= (byte) mask;
      }
    }
  }

  @ParameterizedTest
  @MethodSource("images")
  void noiseBehindTheFirstBytesIsAnErrorOrAnImage(String format, byte[] image) {
    Random random = new Random(20);
    byte[] changed = image.clone();
    for (int round = 0; round < 2000; round++) {
      System.arraycopy(image, 0, changed, 0, 0x300);
      for (int edits = random.nextInt(8); edits >= 0; edits--) {
        changed[random.nextInt(0x300)] = (byte) random.nextInt();
      }
      Hostile.parse(changed);
    }
  }

  @Test
  void randomBytesAreErrorsOrImages() {
    Random random = new Random(21);
    for (int round = 0; round < 5000; round++) {
      byte[] file = new byte[random.nextInt(2048)];
      random.nextBytes(file);
      Hostile.peel(file);
    }
  }

  @Test
  void refusedBzImagesCarryTheKernelsErrno() {
    byte[] image = ImageFixtures.all().get("bzImage");
    for (int length : new int[] {0, 600, 1023}) {
      assertThatThrownBy(() -> BzImage.parse(ByteView.of(image, 0, length), length))
          .isInstanceOfSatisfying(
              KexecException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOEXEC));
    }
    byte[] arm64 = ImageFixtures.arm64();
    assertThatThrownBy(() -> BzImage.parse(ByteView.of(arm64), arm64.length))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOEXEC));
  }
}
