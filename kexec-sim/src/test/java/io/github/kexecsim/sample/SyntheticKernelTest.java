package io.github.kexecsim.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.codec.CompressionMethod;
import io.github.kexecsim.loader.codec.Compressors;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.image.KernelImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyntheticKernelTest {
  @ParameterizedTest
  @ValueSource(ints = {64 << 10, 100 << 12, 1 << 20})
  void itIsAnImage(int size) {
    byte[] bytes = SyntheticKernel.image(size);
    KernelImage image = ImageProbe.parse(ByteView.of(bytes));
    assertThat(image.format()).isEqualTo("arm64-image");
    assertThat(image.findings()).isEmpty();
    assertThat(image.imageSize()).hasValue(size);
    assertThat(bytes).hasSize(size).isEqualTo(SyntheticKernel.image(size));
  }

  @Test
  void itCompressesAboutAsKernelsDo() {
    ByteView kernel = ByteView.of(SyntheticKernel.image(4 << 20));
    int gzip = Compressors.byMethod(CompressionMethod.GZIP).compress(kernel).length;
    int lz4 = Compressors.byMethod(CompressionMethod.LZ4).compress(kernel).length;
    assertThat((double) kernel.size() / gzip).isBetween(2.2, 3.2);
    assertThat((double) kernel.size() / lz4).isBetween(1.9, 2.8);
  }
}
