package io.github.kexecsim.loader.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The headers that real kernels were given, through the parser of the machine's architecture. */
class RecordedHeadersTest {
  private static final Path LOADS = Path.of(System.getProperty("kexecsim.recordedLoads", "absent"));

  @Test
  void whatAKernelLoadedParses() throws IOException {
    Set<String> accepted = new TreeSet<>();
    for (JsonObject recording : recordings()) {
      String arch = recording.getAsJsonObject("machine").get("arch").getAsString();
      for (Map.Entry<String, JsonElement> kernel : kernels(recording)) {
        if (results(recording, kernel.getKey()).contains("OK")) {
          KernelImage image = parse(arch, kernel.getValue().getAsJsonObject());
          accepted.add(arch + " " + image.format());
          assertThat(image.fields()).isNotEmpty();
        }
      }
    }
    assertThat(accepted)
        .containsExactlyInAnyOrder("arm64 arm64-image", "riscv64 riscv-image", "x86_64 bzImage");
  }

  /**
   * Refused by a probe, that is: riscv64's takes the zboot image too, since its header version
   * reads as 0, and refuses it later.
   */
  @Test
  void whatAKernelDidNotRecogniseDoesNotParse() throws IOException {
    Map<String, String> unrecognised =
        Map.of(
            "arm64 zboot", "EINVAL",
            "arm64 rv", "EINVAL",
            "x86_64 a", "ENOEXEC",
            "x86_64 z", "ENOEXEC",
            "x86_64 t", "ENOEXEC");
    Set<String> seen = new TreeSet<>();
    for (JsonObject recording : recordings()) {
      String arch = recording.getAsJsonObject("machine").get("arch").getAsString();
      for (Map.Entry<String, JsonElement> kernel : kernels(recording)) {
        String errno = unrecognised.get(arch + " " + kernel.getKey());
        if (errno != null && seen.add(arch + " " + kernel.getKey())) {
          assertThat(results(recording, kernel.getKey())).containsOnly(errno);
          JsonObject header = kernel.getValue().getAsJsonObject();
          assertThatThrownBy(() -> parse(arch, header))
              .isInstanceOfSatisfying(
                  KexecException.class, e -> assertThat(e.errno()).hasToString(errno));
        }
      }
    }
    assertThat(seen).isEqualTo(new TreeSet<>(unrecognised.keySet()));
  }

  private static KernelImage parse(String arch, JsonObject kernel) {
    ByteView head = ByteView.of(HexFormat.of().parseHex(kernel.get("header_hex").getAsString()));
    long size = kernel.get("size").getAsLong();
    return switch (arch) {
      case "arm64" -> Arm64Image.parse(head, size);
      case "riscv64" -> RiscvImage.parse(head, size);
      case "x86_64" -> BzImage.parse(head, size);
      default -> throw new AssertionError(arch);
    };
  }

  private static Set<Map.Entry<String, JsonElement>> kernels(JsonObject recording) {
    return recording.getAsJsonObject("kernels").entrySet();
  }

  private static List<String> results(JsonObject recording, String kernel) {
    return recording.getAsJsonArray("loads").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .filter(load -> load.get("kernel").getAsString().equals(kernel))
        .map(load -> load.get("result").getAsString())
        .toList();
  }

  private static List<JsonObject> recordings() throws IOException {
    assumeTrue(Files.isDirectory(LOADS), "no folder of recorded loads (kexecsim.recordedLoads)");
    try (Stream<Path> files = Files.list(LOADS)) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(RecordedHeadersTest::read)
          .toList();
    }
  }

  private static JsonObject read(Path file) {
    try {
      return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
