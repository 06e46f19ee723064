package io.github.kexecsim.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.image.Arm64Image;
import io.github.kexecsim.loader.image.ImageProbe;
import io.github.kexecsim.loader.image.KernelImage;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.RiscvImage;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SampleKernelsTest {
  @Test
  void arm64HeaderIsOneThatTheKernelTakes() {
    ByteView raw = SampleKernels.raw(Architecture.ARM64);
    Arm64Image image = Arm64Image.parse(raw, raw.size());
    assertThat(image.textOffset()).isZero();
    assertThat(image.rawImageSize()).isEqualTo(0x9000);
    assertThat(image.pageSize()).hasValue(4096);
    assertThat(image.anywhere()).isTrue();
    assertThat(image.peOffset()).isZero();
    assertThat(image.findings()).isEmpty();
  }

  @Test
  void riscv64HeaderIsOneThatTheKernelTakes() {
    ByteView raw = SampleKernels.raw(Architecture.RISCV64);
    RiscvImage image = RiscvImage.parse(raw, raw.size());
    assertThat(image.textOffset()).isEqualTo(0x20_0000);
    assertThat(image.rawImageSize()).isEqualTo(0x9000);
    assertThat(image.minorVersion()).isEqualTo(2);
    assertThat(image.peOffset()).isZero();
    assertThat(image.findings()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"ARM64", "RISCV64"})
  void zbootHoldsTheKernelPaddedToItsMemory(Architecture architecture) {
    ByteView raw = SampleKernels.raw(architecture);
    KernelImage image = ImageProbe.parse(raw);
    List<Layer> layers = Layers.of(SampleKernels.zboot(architecture), Limits.DEFAULT);
    assertThat(layers).extracting(layer -> layer.image().format()).startsWith("zboot").hasSize(2);
    assertThat(layers).flatMap(Layer::findings).isEmpty();
    byte[] padded = Arrays.copyOf(raw.toByteArray(), (int) image.imageSize().orElseThrow());
    assertThat(padded.length).isGreaterThan(raw.size());
    assertThat(layers.get(1).bytes().toByteArray()).isEqualTo(padded);
  }

  @ParameterizedTest
  @EnumSource(names = {"LOONGARCH64", "X86_64"})
  void thereIsNoneForOtherArchitectures(Architecture architecture) {
    assertThat(SampleKernels.exists(architecture)).isFalse();
    assertThatIllegalArgumentException().isThrownBy(() -> SampleKernels.zboot(architecture));
    assertThatIllegalArgumentException().isThrownBy(() -> SampleKernels.raw(architecture));
  }

  @Test
  void writerGivesTheSameBytesAsTheBuild(@TempDir Path directory) throws IOException {
    SampleImageWriter.main(new String[] {directory.resolve("new").toString()});
    try (Stream<Path> files = Files.list(directory.resolve("new"))) {
      assertThat(files)
          .hasSize(8)
          .allSatisfy(
              file ->
                  assertThat(file)
                      .hasBinaryContent(SampleFile.read(file.getFileName().toString())));
    }
  }
}
