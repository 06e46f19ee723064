package io.github.kexecsim.loader.record;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.report.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** An object of a JSON file, read member by member; the path tells where a fault is. */
final class Json {
  private final String path;
  private final JsonObject object;

  private Json(String path, JsonObject object) {
    this.path = path;
    this.object = object;
  }

  static Json parse(String text) {
    JsonElement element;
    try {
      element = JsonParser.parseString(text);
    } catch (JsonParseException e) {
      // The lines behind the first lead to gson's manual.
      String fault = e.getMessage().lines().findFirst().orElse("");
      throw new KexecException(
          Reason.BAD_RECORD,
          Reason.BAD_RECORD.errno(),
          "not JSON: " + Field.printable(fault),
          "",
          e);
    }
    return object("$", element);
  }

  private static Json object(String path, JsonElement element) {
    if (element == null || !element.isJsonObject()) {
      throw new KexecException(
          Reason.BAD_RECORD,
          path.equals("$") ? "not a JSON object" : path + " is not an object",
          "a recorded load of the format " + RecordedLoads.FORMAT + ", or its machine section");
    }
    return new Json(path, element.getAsJsonObject());
  }

  boolean has(String name) {
    return object.has(name) && !object.get(name).isJsonNull();
  }

  Set<String> names() {
    return object.keySet();
  }

  Json object(String name) {
    return object(at(name), object.get(name));
  }

  List<Json> objects(String name) {
    List<Json> all = new ArrayList<>();
    List<JsonElement> elements = elements(name);
    for (int i = 0; i < elements.size(); i++) {
      all.add(object(at(name) + "[" + i + "]", elements.get(i)));
    }
    return all;
  }

  List<JsonElement> elements(String name) {
    JsonElement element = object.get(name);
    if (element == null || !element.isJsonArray()) {
      throw fault(name, "an array");
    }
    return element.getAsJsonArray().asList();
  }

  String string(String name) {
    JsonPrimitive value = primitive(name, "a string");
    if (!value.isString()) {
      throw fault(name, "a string");
    }
    return value.getAsString();
  }

  /** A text: a string, or an array of its lines. */
  String text(String name) {
    JsonElement element = object.get(name);
    if (element == null || !element.isJsonArray()) {
      return string(name);
    }
    List<String> lines = new ArrayList<>();
    for (JsonElement line : element.getAsJsonArray()) {
      if (!line.isJsonPrimitive() || !line.getAsJsonPrimitive().isString()) {
        throw fault(name, "a text or an array of lines");
      }
      lines.add(line.getAsString());
    }
    return String.join("\n", lines);
  }

  Optional<String> optionalText(String name) {
    return has(name) ? Optional.of(text(name)) : Optional.empty();
  }

  Optional<String> optionalString(String name) {
    return has(name) ? Optional.of(string(name)) : Optional.empty();
  }

  /** A number from 0 up, written as a JSON number or as a string with or without 0x. */
  long number(String name) {
    return number(name, primitive(name, "a number"));
  }

  long number(String name, JsonPrimitive value) {
    try {
      long number =
          value.isNumber() ? value.getAsBigDecimal().longValueExact() : decode(value.getAsString());
      if (number >= 0) {
        return number;
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw fault(name, "a number from 0 up", e);
    }
    throw fault(name, "a number from 0 up");
  }

  private static long decode(String text) {
    return text.startsWith("0x")
        ? Long.parseLong(text, 2, text.length(), 16)
        : Long.parseLong(text);
  }

  private JsonPrimitive primitive(String name, String expected) {
    JsonElement element = object.get(name);
    if (element == null || !element.isJsonPrimitive()) {
      throw fault(name, expected);
    }
    return element.getAsJsonPrimitive();
  }

  KexecException fault(String name, String expected) {
    return fault(name, expected, null);
  }

  KexecException fault(String name, String expected, Throwable cause) {
    String found = object.has(name) ? "is not " + expected : "is missing; expected " + expected;
    Errno errno = Reason.BAD_RECORD.errno();
    return new KexecException(Reason.BAD_RECORD, errno, at(name) + " " + found, "", cause);
  }

  private String at(String name) {
    return path + "." + Field.printable(name);
  }
}
