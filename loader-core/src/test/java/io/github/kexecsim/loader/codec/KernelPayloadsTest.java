package io.github.kexecsim.loader.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.kexecsim.loader.bytes.ByteView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The payloads of real kernel images, against the digests that other tools computed. */
final class KernelPayloadsTest {
  private static final long LIMIT = 256 << 20;

  @TestFactory
  List<DynamicTest> decodes() throws IOException {
    String folder = System.getProperty("kexecsim.images", "");
    assumeTrue(
        !folder.isEmpty() && Files.isRegularFile(Path.of(folder, "expected.json")),
        "no real images: -Dkexecsim.images does not name their folder");
    List<DynamicTest> tests = new ArrayList<>();
    String json = Files.readString(Path.of(folder, "expected.json"), StandardCharsets.UTF_8);
    for (Map.Entry<String, JsonElement> entry :
        JsonParser.parseString(json).getAsJsonObject().entrySet()) {
      JsonObject expected = entry.getValue().getAsJsonObject();
      if (expected.has("method")) {
        Path image = Path.of(folder, entry.getKey());
        tests.add(DynamicTest.dynamicTest(entry.getKey(), () -> check(image, expected)));
      }
    }
    assertThat(tests).isNotEmpty();
    return tests;
  }

  private static void check(Path image, JsonObject expected)
      throws IOException, NoSuchAlgorithmException {
    ByteView payload =
        ByteView.of(Files.readAllBytes(image))
            .slice(
                expected.get("payload_offset").getAsLong(),
                expected.get("payload_size").getAsLong());
    CompressionMethod method =
        CompressionMethod.byName(expected.get("method").getAsString()).orElseThrow();
    assertThat(CompressionMethod.detect(payload)).contains(method);
    long size = expected.get("decompressed_size").getAsLong();
    for (OptionalLong declared : List.of(OptionalLong.of(size), OptionalLong.empty())) {
      byte[] output = new CompressedPayload(method, payload, declared).decompress(LIMIT);
      assertThat(output).hasSize((int) size);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(output);
      assertThat(HexFormat.of().formatHex(digest))
          .isEqualTo(expected.get("decompressed_sha256").getAsString());
    }
  }
}
