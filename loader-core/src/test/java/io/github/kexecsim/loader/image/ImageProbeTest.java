package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.machine.Architecture;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ImageProbeTest {
  @Test
  void everyFormatHasAFixture() {
    assertThat(ImageProbe.formats())
        .containsExactlyElementsOf(List.copyOf(ImageFixtures.all().keySet()));
  }

  @Test
  void unknownFilesSayWhatTheyAre() {
    Set<String> messages = new HashSet<>();
    List<byte[]> files = new ArrayList<>();
    files.add(new byte[0]);
    files.add("# not a kernel\nbut a text\n".getBytes(StandardCharsets.US_ASCII));
    files.add(ImageFixtures.noise(4096));
    for (byte[] file : files) {
      assertThatThrownBy(() -> ImageProbe.parse(ByteView.of(file)))
          .isInstanceOfSatisfying(
              KexecException.class,
              e -> {
                assertThat(e.reason()).isEqualTo(Reason.UNKNOWN_FORMAT);
                assertThat(e.hint()).contains(ImageProbe.formats());
                messages.add(e.getMessage());
              });
    }
    assertThat(messages).hasSize(files.size());
  }

  @Test
  void zbootComesBeforeTheRawImageThatItsPeHeaderLooksLike() {
    byte[] file =
        ZbootWriter.write(
            Architecture.LOONGARCH64,
            "gzip",
            ByteView.of(ImageFixtures.gzip(ImageFixtures.loongArch())),
            ImageFixtures.RAW_SIZE);
    assertThat(LoongArchImage.matches(ByteView.of(file))).isTrue();
    assertThat(ImageProbe.parse(ByteView.of(file)).format()).isEqualTo("zboot");
  }
}
