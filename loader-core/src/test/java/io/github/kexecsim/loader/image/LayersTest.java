package io.github.kexecsim.loader.image;

import static io.github.kexecsim.loader.image.ImageFixtures.with32;
import static io.github.kexecsim.loader.image.ImageFixtures.withText;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Progress;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayersTest {
  private static final long RAW_SIZE = ImageFixtures.RAW_SIZE;
  private static final byte[] RAW = ImageFixtures.arm64();

  @Test
  void rawImageIsOneLayer() {
    assertThat(formats(RAW)).containsExactly("arm64-image");
  }

  @Test
  void imagesNest() {
    assertThat(formats(ImageFixtures.gzip(ImageFixtures.zboot(ImageFixtures.zboot(RAW)))))
        .containsExactly("gzip", "zboot", "zboot", "arm64-image");
    assertThat(formats(ImageFixtures.bzImage(ImageFixtures.gzip(ImageFixtures.elf()))))
        .containsExactly("bzImage", "elf");
  }

  @Test
  void layerKnowsWhereItCameFrom() {
    byte[] file = ImageFixtures.zboot(RAW);
    List<Layer> layers = Layers.of(ByteView.of(file), Limits.DEFAULT);
    Layer inner = layers.get(1);
    ZbootImage outer = ZbootImage.parse(ByteView.of(file));
    assertThat(layers.get(0).stored()).isEmpty();
    assertThat(inner.offset()).isEqualTo(outer.payloadOffset());
    assertThat(inner.stored().orElseThrow().size()).isEqualTo(outer.payloadSize());
    assertThat(inner.stored().orElseThrow().method()).contains(CompressionMethod.GZIP);
    assertThat(inner.bytes()).isEqualTo(ByteView.of(RAW));
  }

  @Test
  void paddedAndUnpaddedPayloadsAreToldApart() {
    assertThat(innermost(ImageFixtures.zboot(RAW)).extent()).contains(Extent.FILE);
    assertThat(
            innermost(ImageFixtures.zboot(Arrays.copyOf(RAW, ImageFixtures.RAW_IMAGE_SIZE)))
                .extent())
        .contains(Extent.MEMORY);
    assertThat(
            innermost(ImageFixtures.zboot(Arrays.copyOf(RAW, ImageFixtures.RAW_IMAGE_SIZE + 1)))
                .extent())
        .contains(Extent.BEYOND_MEMORY);
    assertThat(innermost(ImageFixtures.gzip(ImageFixtures.elf())).extent()).isEmpty();
  }

  @Test
  void depthIsBounded() {
    byte[] file = RAW;
    for (int i = 0; i < 4; i++) {
      file = ImageFixtures.gzip(file);
    }
    ByteView nested = ByteView.of(file);
    assertThat(
            Layers.of(
                nested, Limits.DEFAULT.with(Limit.LAYERS, 5).with(Limit.DECOMPRESSED, 1 << 20)))
        .hasSize(5);
    assertRefused(
        Reason.LIMIT_EXCEEDED,
        () ->
            Layers.of(
                nested, Limits.DEFAULT.with(Limit.LAYERS, 4).with(Limit.DECOMPRESSED, 1 << 20)));
  }

  @Test
  void whatComesOutOfAllLayersTogetherIsBounded() {
    byte[] inner = ImageFixtures.zboot(RAW);
    ByteView file = ByteView.of(ImageFixtures.gzip(inner));
    long total = inner.length + (long) RAW.length;
    assertThat(
            Layers.of(file, Limits.DEFAULT.with(Limit.LAYERS, 8).with(Limit.DECOMPRESSED, total)))
        .hasSize(3);
    assertRefused(
        Reason.LIMIT_EXCEEDED,
        () ->
            Layers.of(
                file, Limits.DEFAULT.with(Limit.LAYERS, 8).with(Limit.DECOMPRESSED, total - 1)));
    assertRefused(
        Reason.LIMIT_EXCEEDED,
        () ->
            Layers.of(
                file,
                Limits.DEFAULT.with(Limit.LAYERS, 8).with(Limit.DECOMPRESSED, inner.length - 1L)));
    assertRefused(
        Reason.LIMIT_EXCEEDED,
        () -> Layers.of(file, Limits.DEFAULT.with(Limit.LAYERS, 8).with(Limit.DECOMPRESSED, 0)));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, RAW_SIZE - 1, RAW_SIZE + 1, 0x1000000})
  void gzipTrailerMustBeWhatComesOut(long declared) {
    byte[] payload = ImageFixtures.gzip(RAW);
    byte[] wrong = ImageFixtures.zboot("gzip", with32(payload, payload.length - 4, declared), 1);
    assertThatThrownBy(() -> Layers.of(ByteView.of(wrong), Limits.DEFAULT))
        .isInstanceOfSatisfying(
            KexecException.class,
            e -> assertThat(e.reason()).isIn(Reason.SIZE_MISMATCH, Reason.CORRUPT_PAYLOAD));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, RAW_SIZE - 1, RAW_SIZE + 1, 0x1000000})
  void sizeWordMustBeWhatComesOut(long declared) {
    byte[] payload = Zstd.compress(RAW);
    ByteView file = ByteView.of(ImageFixtures.zboot("zstd22", payload, declared));
    assertRefused(Reason.SIZE_MISMATCH, () -> peel(file));
    assertThat(peel(ByteView.of(ImageFixtures.zboot("zstd22", payload, RAW_SIZE)))).hasSize(2);
  }

  @Test
  void sizeWordAboveTheLimitIsRefused() {
    byte[] file = ImageFixtures.zboot("gzip", ImageFixtures.gzip(RAW), RAW.length);
    long end =
        ZbootImage.parse(ByteView.of(file)).payloadOffset()
            + ZbootImage.parse(ByteView.of(file)).payloadSize();
    byte[] lying = with32(file, (int) end - 4, 0xffffffffL);
    assertRefused(Reason.LIMIT_EXCEEDED, () -> Layers.of(ByteView.of(lying), Limits.DEFAULT));
  }

  @Test
  void payloadOfAnotherMethodSaysWhichItLooksLike() {
    byte[] payload = Arrays.copyOf(ImageFixtures.gzip(RAW), 4000);
    ByteView file = ByteView.of(ImageFixtures.zboot("zstd", payload, RAW.length));
    assertThatThrownBy(() -> peel(file))
        .isInstanceOfSatisfying(
            KexecException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.CORRUPT_PAYLOAD);
              assertThat(e.getMessage()).contains("zstd", "gzip");
            });
  }

  @Test
  void unknownMethodIsRefusedAfterItsHeaderWasShown() {
    ByteView file =
        ByteView.of(withText(ImageFixtures.zboot(RAW), ZbootImage.METHOD_OFFSET, "brotli"));
    List<Layer> seen = new ArrayList<>();
    assertRefused(Reason.UNKNOWN_METHOD, () -> Layers.walk(file, Limits.DEFAULT, seen::add));
    assertThat(seen).hasSize(1);
  }

  @Test
  void damagedPayloadIsRefused() {
    byte[] file = ImageFixtures.zboot(RAW);
    int offset = (int) ZbootImage.parse(ByteView.of(file)).payloadOffset();
    byte[] damaged = with32(file, offset + 2000, 0x12345678);
    assertThatThrownBy(() -> Layers.of(ByteView.of(damaged), Limits.DEFAULT))
        .isInstanceOf(KexecException.class);
  }

  @Test
  void whatIsInsideMustBeAnImage() {
    assertRefused(
        Reason.UNKNOWN_FORMAT,
        () -> Layers.of(ByteView.of(ImageFixtures.gzip(new byte[100])), Limits.DEFAULT));
    assertRefused(
        Reason.UNKNOWN_FORMAT,
        () -> Layers.of(ByteView.of(ImageFixtures.gzip(new byte[0])), Limits.DEFAULT));
  }

  @Test
  void aWalkThatWasStoppedGoesOn() {
    byte[] raw = RAW;
    ByteView file = ByteView.of(ImageFixtures.gzip(ImageFixtures.zboot(raw)));
    List<Layer> all = Layers.of(file, Limits.DEFAULT);
    int room = all.stream().skip(1).mapToInt(Layer::size).sum();
    for (int stop = 1; stop < all.size(); stop++) {
      List<Layer> peeled = new ArrayList<>(all.subList(0, stop));
      Layers.walkOn(
          all.subList(0, stop),
          Limits.DEFAULT.with(Limit.LAYERS, 3).with(Limit.DECOMPRESSED, room),
          Progress.NONE,
          peeled::add);
      assertThat(peeled).isEqualTo(all);
      List<Layer> begun = all.subList(0, stop);
      assertRefused(
          Reason.LIMIT_EXCEEDED,
          () ->
              Layers.walkOn(
                  begun,
                  Limits.DEFAULT.with(Limit.LAYERS, 2).with(Limit.DECOMPRESSED, room),
                  Progress.NONE,
                  layer -> true));
      assertRefused(
          Reason.LIMIT_EXCEEDED,
          () ->
              Layers.walkOn(
                  begun,
                  Limits.DEFAULT.with(Limit.LAYERS, 3).with(Limit.DECOMPRESSED, room - 1),
                  Progress.NONE,
                  layer -> true));
    }
  }

  private static List<Layer> peel(ByteView file) {
    List<Layer> layers = new ArrayList<>();
    Layers.walk(file, Limits.DEFAULT, layers::add);
    return layers;
  }

  private static List<String> formats(byte[] file) {
    return Layers.of(ByteView.of(file), Limits.DEFAULT).stream()
        .map(layer -> layer.image().format())
        .toList();
  }

  private static Layer innermost(byte[] file) {
    List<Layer> layers = Layers.of(ByteView.of(file), Limits.DEFAULT);
    return layers.get(layers.size() - 1);
  }

  private static void assertRefused(Reason reason, Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            KexecException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
