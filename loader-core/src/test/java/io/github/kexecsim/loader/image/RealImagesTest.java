package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Architecture;
import io.github.kexecsim.loader.pe.PeHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that others built, against what the ordinary command-line tools made of them. */
class RealImagesTest {
  private static final Path IMAGES = Path.of(System.getProperty("kexecsim.images", "absent"));

  @BeforeEach
  void imagesAreThere() {
    assumeTrue(Files.isDirectory(IMAGES), "no folder of real images (kexecsim.images)");
  }

  @ParameterizedTest
  @CsvSource({
    "deb72-loong64.zboot, LOONGARCH64, loongarch-image, MEMORY",
    "tiny72-arm64-zstd.zboot, ARM64, arm64-image, MEMORY",
    "tiny61-arm64-xz.zboot, ARM64, arm64-image, FILE",
    "tiny61-arm64-lz4.zboot, ARM64, arm64-image, FILE",
    "deb612-cloud-amd64.bzImage, X86_64, elf, ",
  })
  void everyLayerIsWhatTheToolsSay(String name, Architecture arch, String inner, Extent extent)
      throws IOException {
    JsonObject expected = expected(name);
    List<Layer> layers = layers(read(name));

    assertThat(layers).hasSize(2);
    Layer outer = layers.get(0);
    assertThat(outer.image().format()).isEqualTo(expected.get("kind").getAsString());
    assertThat(outer.image().architecture()).contains(arch);
    assertThat(outer.findings()).isEmpty();
    assertThat(outer.size()).isEqualTo(expected.get("size").getAsInt());
    assertThat(outer.offset()).isZero();

    Layer kernel = layers.get(1);
    Payload stored = kernel.stored().orElseThrow();
    assertThat(kernel.offset()).isEqualTo(expected.get("payload_offset").getAsLong());
    assertThat(stored.method().orElseThrow().names())
        .contains(expected.get("method").getAsString());
    assertThat(kernel.size()).isEqualTo(expected.get("decompressed_size").getAsInt());
    assertThat(stored.declaredSize()).hasValue(kernel.size());
    assertThat(sha256(kernel.bytes())).isEqualTo(expected.get("decompressed_sha256").getAsString());
    assertThat(kernel.image().format()).isEqualTo(inner);
    assertThat(kernel.image().architecture()).contains(arch);
    assertThat(kernel.extent().orElse(null)).isEqualTo(extent);
  }

  @ParameterizedTest
  @CsvSource({
    "deb72-loong64.zboot",
    "tiny72-arm64-zstd.zboot",
    "tiny61-arm64-xz.zboot",
    "tiny61-arm64-lz4.zboot",
  })
  void zbootHeadersHaveTheExpectedFields(String name) throws IOException {
    JsonObject expected = expected(name);
    ZbootImage image = ZbootImage.parse(read(name));
    assertThat(image.methodName()).isEqualTo(expected.get("method").getAsString());
    assertThat(image.payloadOffset()).isEqualTo(expected.get("payload_offset").getAsLong());
    assertThat(image.payloadSize()).isEqualTo(expected.get("payload_size").getAsLong());
    assertThat(image.uncompressedSize()).hasValue(expected.get("decompressed_size").getAsLong());
    assertThat(image.pe().subsystem()).isEqualTo(PeHeader.EFI_APPLICATION);
    assertThat(image.pe().sections())
        .extracting(PeHeader.Section::name)
        .containsExactly(".text", ".data");
  }

  @Test
  void bzImageHeaderHasTheExpectedFields() throws IOException {
    String name = "deb612-cloud-amd64.bzImage";
    JsonObject expected = expected(name);
    ByteView file = read(name);
    BzImage image = BzImage.parse(file, file.size());
    assertThat(image.version()).isEqualTo(0x20f);
    assertThat(image.setupSize()).isEqualTo(0x5000);
    assertThat(image.setupSize() + image.payloadOffset())
        .isEqualTo(expected.get("payload_offset").getAsLong());
    assertThat(image.payloadLength()).isEqualTo(expected.get("payload_size").getAsLong());
    assertThat(image.headerEnd()).isEqualTo(0x26c);
    assertThat(image.prefAddress()).isEqualTo(0x1000000);
    assertThat(image.kernelAlignment()).isEqualTo(0x200000);
    assertThat(image.relocatableKernel()).isTrue();
    assertThat(image.cmdlineSize()).isEqualTo(2047);
    assertThat(PeHeader.parse(file, file.u32le(0x3c)).sections())
        .extracting(PeHeader.Section::name)
        .containsExactly(".setup", ".compat", ".text", ".data");
  }

  @Test
  void rawImageIsOneLayerThatEndsAtItsFile() throws IOException {
    Layer kernel = layers(read("tiny72-arm64.Image")).get(0);
    assertThat(kernel.image())
        .isEqualTo(
            new Arm64Image(
                0xfa405a4dL, 0x140e203bL, 0, 0x5b0000, 0xa, 0, 0, 0, 0x40, kernel.size()));
    assertThat(kernel.stored()).isEmpty();
    assertThat(kernel.extent()).contains(Extent.FILE);
    assertThat(((Arm64Image) kernel.image()).pageSize()).hasValue(4096);
  }

  @Test
  void flippedBytesOfRealHeadersAreErrorsOrImages() throws IOException {
    for (String name : expectedAll().keySet()) {
      byte[] file = read(name).toByteArray();
      for (int i = 0; i < 0x400; i++) {
        file[i] ^= (byte) 0xff;
        Hostile.parse(file);
        file[i] ^= (byte) 0xff;
      }
    }
  }

  private static List<Layer> layers(ByteView file) {
    List<Layer> layers = new ArrayList<>();
    Layers.walk(file, Limits.DEFAULT, layers::add);
    return layers;
  }

  private static JsonObject expectedAll() throws IOException {
    return JsonParser.parseString(Files.readString(IMAGES.resolve("expected.json")))
        .getAsJsonObject();
  }

  private static JsonObject expected(String name) throws IOException {
    return expectedAll().getAsJsonObject(name);
  }

  private static ByteView read(String name) throws IOException {
    return ByteView.of(Files.readAllBytes(IMAGES.resolve(name)));
  }

  private static String sha256(ByteView bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes.array(), bytes.arrayOffset(), bytes.size());
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
