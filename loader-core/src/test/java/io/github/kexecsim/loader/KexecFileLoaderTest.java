package io.github.kexecsim.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.image.Layer;
import io.github.kexecsim.loader.image.Layers;
import io.github.kexecsim.loader.image.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.machine.MachineBuilder;
import io.github.kexecsim.loader.memory.Memblock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class KexecFileLoaderTest {
  private static final Machine MACHINE =
      new MachineBuilder(Architecture.ARM64)
          .memblock(Memblock.parse("0: 0x40000000..0x7fffffff", ""))
          .build();

  /** An arm64 Image, gzipped. */
  private static ByteView imageGz() throws IOException {
    ByteBuffer image = ByteBuffer.allocate(0x1000).order(ByteOrder.LITTLE_ENDIAN);
    image.putInt(0, 0x1400_0010).putLong(16, 0x1000).putLong(24, 0xa).putInt(0x38, 0x644d_5241);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(image.array());
    }
    return ByteView.of(bytes.toByteArray());
  }

  @Test
  void layersThatWereTakenOffAreNotTakenOffAgain() throws IOException {
    LoadRequest request = LoadRequest.of(imageGz(), MACHINE);
    LoadPlan whole = KexecFileLoader.load(request);
    assertThat(whole.isLoadable()).isTrue();
    assertThat(whole.layers()).hasSize(2);

    List<Layer> all = Layers.of(request.image(), Limits.DEFAULT);
    for (int taken = 0; taken <= all.size(); taken++) {
      LoadPlan plan = KexecFileLoader.load(request, all.subList(0, taken));
      assertThat(plan).isEqualTo(whole);
      for (int i = 0; i < taken; i++) {
        assertThat(plan.layers().get(i)).isSameAs(all.get(i));
      }
    }
  }

  @Test
  void layersOfAnotherImageAreACallersMistake() throws IOException {
    LoadRequest request = LoadRequest.of(imageGz(), MACHINE);
    List<Layer> others = Layers.of(imageGz(), Limits.DEFAULT);
    assertThatIllegalArgumentException().isThrownBy(() -> KexecFileLoader.load(request, others));
  }

  @Test
  void aRefusalKeepsWhatCausedIt() {
    LoadPlan plan = KexecFileLoader.load(LoadRequest.of(ByteView.of(new byte[100]), MACHINE));
    Refusal refusal = plan.refusal().orElseThrow();
    assertThat(refusal.reason()).isEqualTo(Reason.UNKNOWN_FORMAT);
    assertThat(refusal.errno()).isEqualTo(refusal.cause().errno());
    assertThat(refusal.message()).isEqualTo(refusal.cause().getMessage());
  }
}
