package io.github.kexecsim.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.sample.SyntheticKernel;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is compared does the same. */
class CodecTest {
  private static final byte[] KERNEL = SyntheticKernel.image(1 << 20);

  @ParameterizedTest
  @EnumSource
  void everyDecoderDecodes(Codec codec) throws Exception {
    byte[] payload = codec.compress(ByteView.of(KERNEL), Optional.of(Architecture.ARM64));
    byte[] output = new byte[KERNEL.length];
    assertThat(codec.decode(payload, output)).isEqualTo(KERNEL.length);
    assertThat(output).isEqualTo(KERNEL);
  }
}
