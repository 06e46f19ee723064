package io.github.kexecsim.loader.record;

import io.github.kexecsim.loader.error.Errno;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.memory.E820Entry;
import io.github.kexecsim.loader.memory.PhysRange;
import io.github.kexecsim.loader.place.LoadType;
import io.github.kexecsim.loader.report.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Gathers what the lines of a log say of the load that is being told of. */
final class DebugLogReader {
  private static final int MAX_SEGMENTS = 16;
  private static final int MAX_E820 = 128;
  private static final String HEX = "0x(\\p{XDigit}{1,16}+)";

  /** {@code kexec_file: kernel: 00000000dfb1129f kernel_size: 0x525200}. */
  private static final Pattern KERNEL =
      Pattern.compile("kexec_file: kernel: \\S++ kernel_size: " + HEX);

  /** {@code kexec_load: entry = 0x23fff7700 flags = 0x3e0000}, of kexec-tools. */
  private static final Pattern TOOL_ENTRY =
      Pattern.compile("kexec_load: entry = (?:" + HEX + "|\\(nil\\)) flags = ");

  private static final Pattern NR_SEGMENTS = Pattern.compile("nr_segments = (\\d{1,3}+)");

  /** {@code segment[0]: buf=... bufsz=...}; {@code Loading segment 0: buf=...} before 6.7. */
  private static final Pattern SEGMENT =
      Pattern.compile(
          "segment(?: (\\d{1,3}+)|\\[(\\d{1,3}+)]): buf=\\S++ bufsz="
              + HEX
              + " mem="
              + HEX
              + " memsz="
              + HEX);

  /** One of the four lines that kexec-tools prints of a segment. */
  private static final Pattern TOOL_SEGMENT =
      Pattern.compile(
          "segment\\[(\\d{1,3}+)]\\.(bufsz|memsz|mem) *+= *+(?:" + HEX + "|\\(nil\\)|0\\b)");

  /** {@code kexec_file_load: type:0, start:0x23fffb150 head:0x101a2e002 flags:0x8}. */
  private static final Pattern DONE =
      Pattern.compile("kexec(?:_file)?+_load: type:(\\d), start:" + HEX);

  private static final Pattern FAILED = Pattern.compile("kexec(?:_file)?+_load failed: (.++)$");
  private static final Pattern E820_HEAD = Pattern.compile("kexec-bzImage64: E820 memmap:");
  private static final Pattern E820 =
      Pattern.compile("kexec-bzImage64: (\\p{XDigit}{16}+)-(\\p{XDigit}{16}+) \\((\\d{1,10}+)\\)");

  /** What strerror says in the C locale. */
  private static final Map<String, Errno> ERRNO_TEXTS =
      Map.of(
          "Operation not permitted", Errno.EPERM,
          "Input/output error", Errno.EIO,
          "Exec format error", Errno.ENOEXEC,
          "Cannot allocate memory", Errno.ENOMEM,
          "Invalid argument", Errno.EINVAL,
          "File too large", Errno.EFBIG,
          "Cannot assign requested address", Errno.EADDRNOTAVAIL,
          "Key was rejected by service", Errno.EKEYREJECTED);

  private Load load;

  /** What is known of one load so far. */
  private static final class Load {
    private boolean byKexecTools;
    private boolean failed;
    private OptionalInt count = OptionalInt.empty();
    private final Map<Integer, LoggedSegment> segments = new TreeMap<>();
    private OptionalLong entry = OptionalLong.empty();
    private Optional<LoadType> type = Optional.empty();
    private OptionalLong kernelSize = OptionalLong.empty();
    private Optional<List<E820Entry>> e820 = Optional.empty();
    private Optional<Errno> refusal = Optional.empty();
  }

  void line(String line) {
    // Most lines of a log are about something else.
    if (!line.contains("kexec") && !line.contains("segment")) {
      return;
    }
    begin(line);
    segment(line);
    end(line);
    e820(line);
  }

  private void begin(String line) {
    Matcher matcher = KERNEL.matcher(line);
    if (matcher.find()) {
      load = new Load();
      load.kernelSize = OptionalLong.of(hex(line, matcher.group(1)));
    }
    matcher = TOOL_ENTRY.matcher(line);
    if (matcher.find()) {
      load = new Load();
      load.byKexecTools = true;
      load.entry = OptionalLong.of(matcher.group(1) == null ? 0 : hex(line, matcher.group(1)));
    }
    matcher = NR_SEGMENTS.matcher(line);
    if (matcher.find()) {
      if (load == null || load.count.isPresent()) {
        load = new Load();
      }
      load.count = OptionalInt.of(atMost(MAX_SEGMENTS, line, matcher.group(1)));
    }
  }

  private void segment(String line) {
    Matcher matcher = SEGMENT.matcher(line);
    if (matcher.find()) {
      if (load == null) {
        load = new Load();
      }
      String number = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
      load.segments.put(
          atMost(MAX_SEGMENTS - 1, line, number),
          new LoggedSegment(
              hex(line, matcher.group(4)),
              hex(line, matcher.group(5)),
              hex(line, matcher.group(3))));
    }
    matcher = TOOL_SEGMENT.matcher(line);
    if (matcher.find()) {
      if (load == null) {
        load = new Load();
      }
      load.byKexecTools = true;
      long value = matcher.group(3) == null ? 0 : hex(line, matcher.group(3));
      int index = atMost(MAX_SEGMENTS - 1, line, matcher.group(1));
      LoggedSegment old = load.segments.getOrDefault(index, new LoggedSegment(0, 0, 0));
      load.segments.put(
          index,
          switch (matcher.group(2)) {
            case "bufsz" -> new LoggedSegment(old.mem(), old.memsz(), value);
            case "memsz" -> new LoggedSegment(old.mem(), value, old.bufsz());
            default -> new LoggedSegment(value, old.memsz(), old.bufsz());
          });
    }
  }

  private void end(String line) {
    Matcher matcher = DONE.matcher(line);
    if (matcher.find() && load != null) {
      load.type =
          switch (matcher.group(1)) {
            case "0" -> Optional.of(LoadType.DEFAULT);
            case "1" -> Optional.of(LoadType.CRASH);
            default -> Optional.empty();
          };
      load.entry = OptionalLong.of(hex(line, matcher.group(2)));
    }
    matcher = FAILED.matcher(line);
    if (matcher.find()) {
      if (load == null) {
        load = new Load();
      }
      load.failed = true;
      load.refusal = Optional.ofNullable(ERRNO_TEXTS.get(matcher.group(1).strip()));
    }
  }

  private void e820(String line) {
    if (load == null) {
      return;
    }
    if (E820_HEAD.matcher(line).find()) {
      load.e820 = Optional.of(new ArrayList<>());
    }
    Matcher matcher = E820.matcher(line);
    if (matcher.find() && load.e820.isPresent()) {
      List<E820Entry> table = load.e820.get();
      if (table.size() == MAX_E820) {
        throw bad("more e820 entries than the " + MAX_E820 + " of a zero page", line);
      }
      long type = Long.parseLong(matcher.group(3));
      if (type > 0xffff_ffffL) {
        throw bad("no e820 type", line);
      }
      table.add(
          new E820Entry(
              PhysRange.ofInclusive(hex(line, matcher.group(1)), hex(line, matcher.group(2))),
              type));
    }
  }

  DebugLog lastLoad() {
    if (load == null) {
      throw new KexecException(
          Reason.BAD_RECORD,
          "the log tells of no load: neither \"kexec_file: segment[0]: buf=...\" nor"
              + " \"segment[0].mem = ...\" nor \"kexec_file: kernel: ...\" is in it",
          "load with kexec -d -s -l and give the output of dmesg; the running kernel must be 6.7 or"
              + " newer, which logs with KEXEC_FILE_DEBUG");
    }
    int count = load.count.orElse(load.segments.size());
    List<LoggedSegment> segments = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      LoggedSegment segment = load.segments.get(i);
      if (segment == null) {
        throw new KexecException(
            Reason.BAD_RECORD,
            "the log says that there are " + count + " segments, and lacks segment[" + i + "]",
            "give the log unabridged: dmesg right after the load");
      }
      segments.add(segment);
    }
    return new DebugLog(
        !segments.isEmpty() && !load.failed,
        load.byKexecTools,
        segments,
        load.entry,
        load.type,
        load.kernelSize,
        load.e820,
        load.refusal);
  }

  private static long hex(String line, String digits) {
    long value = Long.parseUnsignedLong(digits, 16);
    if (value < 0 || value > PhysRange.LIMIT) {
      throw bad("an address or size beyond 2^52", line);
    }
    return value;
  }

  private static int atMost(int limit, String line, String digits) {
    int value = Integer.parseInt(digits);
    if (value > limit) {
      throw bad("more than the " + MAX_SEGMENTS + " segments that a load may have", line);
    }
    return value;
  }

  private static KexecException bad(String what, String line) {
    String shown = line.length() > 200 ? line.substring(0, 200) + "..." : line;
    return new KexecException(
        Reason.BAD_RECORD,
        what + ": \"" + Field.printable(shown) + "\"",
        "give the log as the host printed it");
  }
}
