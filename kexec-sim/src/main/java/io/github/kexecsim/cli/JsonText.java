package io.github.kexecsim.cli;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.function.Consumer;

/** A JSON document in the making; members stay in the order in which they are added. */
final class JsonText {
  private final StringWriter text = new StringWriter();
  private final JsonWriter writer = new JsonWriter(text);

  private JsonText() {
    writer.setIndent("  ");
    writer.setHtmlSafe(false);
  }

  /** The text of an object that {@code members} fills in. */
  static String of(Consumer<JsonText> members) {
    JsonText json = new JsonText();
    json.object(members);
    return json.text.append('\n').toString();
  }

  JsonText string(String name, String value) {
    return write(() -> writer.name(name).value(value));
  }

  JsonText number(String name, long value) {
    return write(() -> writer.name(name).value(value));
  }

  JsonText bool(String name, boolean value) {
    return write(() -> writer.name(name).value(value));
  }

  /** A measurement, to three decimals. */
  JsonText decimal(String name, double value) {
    return write(
        () -> writer.name(name).value(BigDecimal.valueOf(value).setScale(3, RoundingMode.HALF_UP)));
  }

  /** A member in hexadecimal: a JSON number would lose bits past 2^53. */
  JsonText hex(String name, long value) {
    return string(name, ByteCount.hex(value));
  }

  JsonText object(String name, Consumer<JsonText> members) {
    write(() -> writer.name(name));
    return object(members);
  }

  <T> JsonText objects(String name, List<T> items, Consumer<T> members) {
    write(() -> writer.name(name).beginArray());
    for (T item : items) {
      object(ignored -> members.accept(item));
    }
    return write(writer::endArray);
  }

  JsonText strings(String name, List<String> values) {
    write(() -> writer.name(name).beginArray());
    values.forEach(value -> write(() -> writer.value(value)));
    return write(writer::endArray);
  }

  private JsonText object(Consumer<JsonText> members) {
    write(writer::beginObject);
    members.accept(this);
    return write(writer::endObject);
  }

  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }

  private JsonText write(Step step) {
    try {
      step.run();
    } catch (IOException e) {
      throw new UncheckedIOException("a StringWriter does not fail", e);
    }
    return this;
  }
}
