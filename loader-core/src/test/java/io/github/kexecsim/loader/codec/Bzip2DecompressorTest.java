package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.util.HexFormat;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class Bzip2DecompressorTest extends DecompressorContractTest {
  Bzip2DecompressorTest() {
    super(CompressionMethod.BZIP2);
  }

  /** bzip2 refuses it too; Commons Compress does not. Found by fuzzing. */
  @Test
  void aCodeLengthOfMoreThanTwentyIsRefused() {
    byte[] stream =
        HexFormat.of()
            .parseHex("425a6839314159265359065e207d000000100000102000358c234177245385090065e207d0");
    CompressedPayload payload =
        new CompressedPayload(CompressionMethod.BZIP2, ByteView.of(stream), OptionalLong.empty());
    assertThatExceptionOfType(KexecException.class)
        .isThrownBy(() -> payload.decompress(1 << 20))
        .extracting(KexecException::reason)
        .isEqualTo(Reason.CORRUPT_PAYLOAD);
  }
}
