package io.github.kexecsim.loader.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.SampleTrees;
import io.github.kexecsim.loader.image.ImageFixtures;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** What fuzzing begins with: valid input, made here or real. */
final class Seeds {
  /** As much of a real image as parsers look at. */
  private static final int HEAD = 4096;

  private Seeds() {}

  /** One image of each format, and the first bytes of the real ones that are at hand. */
  static List<byte[]> images() {
    List<byte[]> images = new ArrayList<>(ImageFixtures.all().values());
    for (Path file : files("kexecsim.images", "")) {
      try (InputStream in = Files.newInputStream(file)) {
        images.add(in.readNBytes(HEAD));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    for (JsonObject recording : recordings()) {
      for (JsonElement kernel : recording.getAsJsonObject("kernels").asMap().values()) {
        String header = kernel.getAsJsonObject().get("header_hex").getAsString();
        images.add(HexFormat.of().parseHex(header));
      }
    }
    return images.stream().map(ByteView::of).distinct().map(ByteView::toByteArray).toList();
  }

  /** A device tree made here, and those of the recorded machines. */
  static List<byte[]> deviceTrees() {
    List<byte[]> trees = new ArrayList<>(List.of(SampleTrees.machine()));
    for (String text : machineTexts("fdt_gzip_base64")) {
      byte[] packed = Base64.getDecoder().decode(text);
      try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
        trees.add(in.readAllBytes());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return trees;
  }

  /** The recordings' texts. */
  static List<byte[]> recordingTexts() {
    return recordings().stream().map(json -> json.toString().getBytes(UTF_8)).toList();
  }

  /** The recordings' machine sections. */
  static List<byte[]> machineSections() {
    return recordings().stream()
        .map(json -> json.getAsJsonObject("machine").toString().getBytes(UTF_8))
        .toList();
  }

  /** A text of every recorded machine that has it. */
  static List<String> machineTexts(String field) {
    List<String> texts = new ArrayList<>();
    for (JsonObject recording : recordings()) {
      JsonElement text = recording.getAsJsonObject("machine").get(field);
      if (text != null && text.isJsonPrimitive()) {
        texts.add(text.getAsString());
      }
    }
    return texts;
  }

  private static List<JsonObject> recordings() {
    List<JsonObject> recordings = new ArrayList<>();
    for (Path file : files("kexecsim.recordedLoads", ".json")) {
      try {
        recordings.add(JsonParser.parseString(Files.readString(file)).getAsJsonObject());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return recordings;
  }

  /** The files of a folder that a system property names; none where it is absent. */
  private static List<Path> files(String property, String suffix) {
    Path folder = Path.of(System.getProperty(property, "absent"));
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> Files.isRegularFile(file) && file.toString().endsWith(suffix))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
