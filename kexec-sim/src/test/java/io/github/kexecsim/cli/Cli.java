package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.github.kexecsim.loader.error.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Runs the command inside the test's own process, on a host that tells nothing of itself. */
final class Cli {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Map<String, JsonSchema> SCHEMAS =
      Map.of(
          "kexec-sim/plan/1", schema("plan.schema.json"),
          "kexec-sim/inspect/1", schema("inspect.schema.json"),
          "kexec-sim/bench/1", schema("bench.schema.json"));

  private final Path directory;
  private final Host host;

  Cli(Path directory) {
    this(directory, new Host(directory, Optional.empty()));
  }

  Cli(Path directory, Host host) {
    this.directory = directory;
    this.host = host;
  }

  /** What a run left behind. */
  record Result(int status, byte[] bytes, String err) {
    String out() {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Standard output as JSON, which its schema has accepted. */
    JsonNode json() {
      return parse(out());
    }

    Result succeeds() {
      assertThat(err).isEmpty();
      assertThat(status).isZero();
      return this;
    }

    /** Checks that it ended in one line on standard error, without a stack trace. */
    Result failsWith(ExitStatus expected) {
      assertThat(err).startsWith("kexec-sim: ").endsWith("\n");
      assertThat(err.lines()).hasSize(1);
      assertThat(status).isEqualTo(expected.number());
      return this;
    }

    /** Checks that the answer is no, for this reason. */
    Result rejects(Reason reason) {
      failsWith(ExitStatus.NO);
      assertThat(json().at("/verdict").asText()).isEqualTo("rejected");
      assertThat(json().at("/reason/code").asText()).isEqualTo(reason.code());
      return this;
    }
  }

  Result run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = new Console(stream(out), stream(err), directory, host);
    int status = Main.run(List.of(args), console);
    return new Result(status, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream stream(ByteArrayOutputStream out) {
    return new PrintStream(out, false, StandardCharsets.UTF_8);
  }

  /** Reads a document of one of the schemas in docs/ and holds it against its schema. */
  static JsonNode parse(String text) {
    try {
      JsonNode json = MAPPER.readTree(text);
      JsonSchema schema = SCHEMAS.get(json.path("schema").asText());
      assertThat(schema).as("a schema for %s", json.path("schema")).isNotNull();
      assertThat(schema.validate(json)).isEmpty();
      return json;
    } catch (IOException e) {
      throw new UncheckedIOException("not JSON: " + text, e);
    }
  }

  private static JsonSchema schema(String name) {
    try {
      return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
          .getSchema(Files.readString(Path.of("..", "docs", name)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every file in a directory with its content: what must not change. */
  static Map<String, String> snapshot(Path directory) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (var entries = Files.list(directory)) {
      for (Path entry : entries.filter(Files::isRegularFile).toList()) {
        files.put(
            entry.getFileName().toString(), Files.readString(entry, StandardCharsets.ISO_8859_1));
      }
    }
    return files;
  }
}
