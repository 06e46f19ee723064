package io.github.kexecsim.loader.record;

import com.google.gson.JsonElement;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limits;
import io.github.kexecsim.loader.machine.Machine;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.FileContent;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.place.SegmentRole;
import io.github.kexecsim.loader.report.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a real kernel answered on one machine: a file of the format {@value #FORMAT}.
 *
 * @param name what the recording is called
 * @param machine what was known of the machine beforehand
 * @param kernels the offered files by name: each with its first bytes and its size
 * @param loads the requests, in the order in which they were made
 */
public record RecordedLoads(
    String name, Machine machine, Map<String, FileContent> kernels, List<RecordedLoad> loads) {
  /** The format that is read. */
  public static final String FORMAT = "kexec-recorded-loads/1";

  public RecordedLoads {
    kernels = Map.copyOf(kernels);
    loads = List.copyOf(loads);
  }

  /** Reads a recording within {@link Limits#DEFAULT}. */
  public static RecordedLoads parse(String text) {
    return parse(text, Limits.DEFAULT);
  }

  /**
   * Reads a recording.
   *
   * @param limits those of ranges and device trees hold for the machine
   * @throws KexecException {@link Reason#BAD_RECORD}, or what the readers of its parts throw
   */
  public static RecordedLoads parse(String text, Limits limits) {
    Json json = Json.parse(text);
    String format = json.string("format");
    if (!format.equals(FORMAT)) {
      throw new KexecException(
          Reason.BAD_RECORD,
          "the format is \"" + Field.printable(format) + "\"; only \"" + FORMAT + "\" is read");
    }
    String name = json.string("name");
    Machine machine = MachineSection.read(name, json.object("machine"), limits);
    Map<String, FileContent> kernels = new LinkedHashMap<>();
    Json files = json.object("kernels");
    for (String kernel : files.names()) {
      kernels.put(kernel, kernel(files.object(kernel)));
    }
    List<RecordedLoad> loads = new ArrayList<>();
    for (Json load : json.objects("loads")) {
      loads.add(load(load, kernels));
    }
    return new RecordedLoads(name, machine, kernels, loads);
  }

  private static FileContent kernel(Json json) {
    byte[] header;
    try {
      header = HexFormat.of().parseHex(json.string("header_hex"));
    } catch (IllegalArgumentException e) {
      throw json.fault("header_hex", "hexadecimal bytes", e);
    }
    long size = json.number("size");
    if (size < header.length) {
      throw json.fault("size", "at least the size of header_hex");
    }
    return new FileContent(ByteView.of(header), size);
  }

  private static RecordedLoad load(Json json, Map<String, FileContent> kernels) {
    String kernel = json.string("kernel");
    if (!kernels.containsKey(kernel)) {
      throw json.fault("kernel", "the name of a recorded kernel");
    }
    LoadType type =
        Arrays.stream(LoadType.values())
            .filter(candidate -> candidate.label().equals(json.string("type")))
            .findFirst()
            .orElseThrow(() -> json.fault("type", "\"default\" or \"crash\""));
    String result = json.string("result");
    if (!result.equals(RecordedLoad.OK)
        && Arrays.stream(Errno.values()).noneMatch(errno -> errno.name().equals(result))) {
      throw json.fault("result", "OK or the name of an errno that kexec_file_load answers");
    }
    List<RecordedSegment> segments = new ArrayList<>();
    if (json.has("segments")) {
      for (Json segment : json.objects("segments")) {
        segments.add(segment(segment));
      }
    }
    return new RecordedLoad(
        json.string("name"),
        kernel,
        json.has("initrd_size")
            ? OptionalLong.of(json.number("initrd_size"))
            : OptionalLong.empty(),
        json.string("cmdline"),
        type,
        result,
        segments,
        json.has("entry") ? OptionalLong.of(json.number("entry")) : OptionalLong.empty(),
        json.has("e820") ? Optional.of(e820(json)) : Optional.empty());
  }

  private static RecordedSegment segment(Json json) {
    SegmentRole role =
        SegmentRole.byLabel(json.string("role"))
            .orElseThrow(() -> json.fault("role", "a segment's role"));
    return new RecordedSegment(
        role, json.number("mem"), json.number("memsz"), json.number("bufsz"));
  }

  private static List<E820Entry> e820(Json json) {
    List<E820Entry> entries = new ArrayList<>();
    for (JsonElement element : json.elements("e820")) {
      if (!element.isJsonArray() || element.getAsJsonArray().size() != 3) {
        throw json.fault("e820", "entries of [first, last, type]");
      }
      List<Long> numbers = new ArrayList<>();
      for (JsonElement part : element.getAsJsonArray()) {
        if (!part.isJsonPrimitive()) {
          throw json.fault("e820", "entries of [first, last, type]");
        }
        numbers.add(json.number("e820", part.getAsJsonPrimitive()));
      }
      if (numbers.get(2) > 0xffff_ffffL) {
        throw json.fault("e820", "types of 32 bits");
      }
      entries.add(
          new E820Entry(PhysRange.ofInclusive(numbers.get(0), numbers.get(1)), numbers.get(2)));
    }
    return entries;
  }
}
