package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeMachine;
import io.github.kexecsim.loader.report.Field;
import io.github.kexecsim.loader.uki.UkiBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class UkiImageTest {
  private static final Limits LIMITS = Limits.DEFAULT;

  private static List<String> formats(byte[] file) {
    return Layers.of(ByteView.of(file), LIMITS).stream()
        .map(layer -> layer.image().format())
        .toList();
  }

  @Test
  void imagesNest() {
    assertThat(formats(ImageFixtures.uki(ImageFixtures.zboot(ImageFixtures.arm64()))))
        .containsExactly("uki", "zboot", "arm64-image");
    assertThat(formats(ImageFixtures.gzip(ImageFixtures.uki(ImageFixtures.arm64()))))
        .containsExactly("gzip", "uki", "arm64-image");
  }

  @Test
  void theKernelComesOutAsItWasPutIn() {
    byte[] kernel = ImageFixtures.zboot(ImageFixtures.arm64());
    Layer inside = Layers.of(ByteView.of(ImageFixtures.uki(kernel)), LIMITS).get(1);
    assertThat(inside.bytes()).isEqualTo(ByteView.of(kernel));
    assertThat(inside.stored().orElseThrow().method()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Architecture.class)
  void theArchitectureIsTheStubs(Architecture architecture) {
    ByteView file =
        UkiBuilder.of(PeMachine.of(architecture)).section(".linux", new byte[16]).view();
    KernelImage image = ImageProbe.parse(file);
    assertThat(image).isInstanceOf(UkiImage.class);
    assertThat(image.architecture()).contains(architecture);
  }

  @Test
  void anotherProfileMayHaveAnotherKernel() {
    ByteView file =
        UkiBuilder.of(PeMachine.ARM64)
            .section(".linux", ImageFixtures.arm64())
            .section(".profile", "ID=first")
            .section(".profile", "ID=second")
            .section(".linux", ImageFixtures.zboot(ImageFixtures.arm64()))
            .view();
    UkiImage uki = UkiImage.parse(file);
    assertThat(kernel(uki, file)).isEqualTo("arm64-image");
    assertThat(kernel(uki.withProfile("second", file), file)).isEqualTo("zboot");
    assertThat(kernel(uki.withProfile("@0", file), file)).isEqualTo("arm64-image");
  }

  private static String kernel(UkiImage uki, ByteView file) {
    return ImageProbe.parse(uki.payload(file).orElseThrow().in(file)).format();
  }

  @Test
  void aProfileWithoutKernelIsRefused() {
    ByteView file =
        UkiBuilder.of(PeMachine.ARM64)
            .section(".profile", "ID=first")
            .section(".profile", "ID=second")
            .section(".linux", ImageFixtures.arm64())
            .view();
    UkiImage uki = UkiImage.parse(file);
    assertThatThrownBy(() -> uki.payload(file))
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_HEADER));
    assertThat(kernel(uki.withProfile("1", file), file)).isEqualTo("arm64-image");
  }

  @Test
  void fieldsTellTheTextsAndTheProfiles() {
    UkiImage uki = UkiImage.parse(ByteView.of(ImageFixtures.uki(ImageFixtures.arm64())));
    assertThat(uki.fields())
        .contains(Field.text("systemd-stub", "257.4", "the stub's version"))
        .extracting(Field::value)
        .contains("Test 1", "6.12.0", "console=ttyAMA0", "main", "other");
    assertThat(uki.texts().stubRelease()).hasValue(257);
  }

  @Test
  void onlyASectionOfThatNameMakesAUki() {
    assertThat(UkiImage.matches(UkiBuilder.of(PeMachine.ARM64).section(".linux", "x").view()))
        .isTrue();
    for (String name : List.of(".linu", ".linux2", "linux", ".cmdline")) {
      assertThat(UkiImage.matches(UkiBuilder.of(PeMachine.ARM64).section(name, "x").view()))
          .isFalse();
    }
    assertThat(UkiImage.matches(ByteView.of(ImageFixtures.arm64()))).isFalse();
  }

  @Test
  void anAddonIsToldFromWhatIsUnknown() {
    ByteView addon = UkiBuilder.of(PeMachine.ARM64).section(".cmdline", "quiet").view();
    assertThatThrownBy(() -> ImageProbe.parse(addon))
        .isInstanceOfSatisfying(
            KexecException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.UNKNOWN_FORMAT);
              assertThat(e.hint()).contains("addon");
            });
  }
}
