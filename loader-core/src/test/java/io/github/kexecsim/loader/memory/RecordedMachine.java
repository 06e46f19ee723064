package io.github.kexecsim.loader.memory;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A recorded load's description of its machine, and what the kernel answered there. */
record RecordedMachine(String name, JsonObject machine, JsonArray loads) {
  /** A load and where the kernel put its segments; none where it refused. */
  record Load(String name, boolean isCrash, boolean isOk, List<PhysRange> segments) {}

  /** Every recording there is; aborts the test where the folder is absent. */
  static List<RecordedMachine> all() {
    String folder = System.getProperty("kexecsim.recordedLoads", "");
    assumeTrue(
        !folder.isEmpty() && Files.isDirectory(Path.of(folder)),
        "recorded loads are not here: set -Dkexecsim.recordedLoads to their folder");
    List<RecordedMachine> machines = new ArrayList<>();
    try (Stream<Path> files = Files.list(Path.of(folder))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        JsonObject json =
            JsonParser.parseString(Files.readString(file, StandardCharsets.UTF_8))
                .getAsJsonObject();
        machines.add(
            new RecordedMachine(
                file.getFileName().toString(),
                json.getAsJsonObject("machine"),
                json.getAsJsonArray("loads")));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return machines;
  }

  /** Those that have the field {@code field}. */
  static List<RecordedMachine> with(String field) {
    return all().stream().filter(machine -> machine.machine.has(field)).toList();
  }

  List<Load> answered() {
    List<Load> answered = new ArrayList<>();
    for (JsonElement element : loads) {
      JsonObject load = element.getAsJsonObject();
      List<PhysRange> segments = new ArrayList<>();
      if (load.has("segments")) {
        for (JsonElement segment : load.getAsJsonArray("segments")) {
          JsonObject fields = segment.getAsJsonObject();
          segments.add(
              PhysRange.ofSize(
                  Long.decode(fields.get("mem").getAsString()),
                  Long.decode(fields.get("memsz").getAsString())));
        }
      }
      answered.add(
          new Load(
              load.get("name").getAsString(),
              load.get("type").getAsString().equals("crash"),
              load.get("result").getAsString().equals("OK"),
              segments));
    }
    return answered;
  }

  Iomem iomem() {
    return Iomem.parse(text("iomem"));
  }

  Memblock memblock() {
    return Memblock.parse(text("memblock_memory"), text("memblock_reserved"));
  }

  String text(String field) {
    JsonElement value = machine.get(field);
    if (!value.isJsonArray()) {
      return value.getAsString();
    }
    List<String> lines = new ArrayList<>();
    value.getAsJsonArray().forEach(line -> lines.add(line.getAsString()));
    return String.join("\n", lines);
  }

  @Override
  public String toString() {
    return name;
  }
}
