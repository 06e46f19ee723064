package io.github.kexecsim.cli;

import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayList;
import java.util.List;

/** How much input may make its reader do, one option a limit. */
final class LimitOptions {
  /** What the units of a size are written as, each 1024 times the one before. */
  private static final String UNITS = " KMG";

  /** Element {@code n} is of the limit with that ordinal. */
  private static final Option[] OPTIONS = options();

  /** What bounds the reading of an image. */
  static final List<Option> IMAGE =
      of(Limit.FILE_SIZE, Limit.DECOMPRESSED, Limit.LAYERS, Limit.SECTIONS);

  /** What bounds the reading of a device tree. */
  static final List<Option> DEVICE_TREE =
      of(
          Limit.DEVICE_TREE_SIZE,
          Limit.DEVICE_TREE_DEPTH,
          Limit.DEVICE_TREE_NODES,
          Limit.DEVICE_TREE_PROPERTIES,
          Limit.DEVICE_TREE_NAME);

  private LimitOptions() {}

  private static Option[] options() {
    Limit[] limits = Limit.values();
    Option[] options = new Option[limits.length];
    for (Limit limit : limits) {
      options[limit.ordinal()] =
          Option.of(
              limit.isInBytes() ? "SIZE" : "N",
              sentence(limit) + "; " + byDefault(limit) + " unless told.",
              "--" + limit.option());
    }
    return options;
  }

  private static String sentence(Limit limit) {
    return limit.help().substring(0, limit.help().length() - 1);
  }

  /** As the option would be given, for instance {@code 512M}. */
  static String byDefault(Limit limit) {
    long value = limit.byDefault();
    if (!limit.isInBytes()) {
      return Long.toString(value);
    }
    int unit = 0;
    while (unit < UNITS.length() - 1 && value >= 1 << 10 && value % (1 << 10) == 0) {
      value >>= 10;
      unit++;
    }
    return (value + UNITS.substring(unit, unit + 1)).strip();
  }

  /** The options of these limits. */
  static List<Option> of(Limit... limits) {
    List<Option> options = new ArrayList<>();
    for (Limit limit : limits) {
      options.add(OPTIONS[limit.ordinal()]);
    }
    return options;
  }

  /** A command's options, and those of the limits that it reads within behind them. */
  @SafeVarargs
  static List<Option> behind(List<Option> options, List<Option>... limits) {
    List<Option> all = new ArrayList<>(options);
    for (List<Option> some : limits) {
      all.addAll(some);
    }
    return all;
  }

  /**
   * The limits that the options set.
   *
   * @throws Failure with {@link ExitStatus#USAGE}
   */
  static Limits limits(Arguments arguments) {
    Limits limits = Limits.DEFAULT;
    for (Limit limit : Limit.values()) {
      Option option = OPTIONS[limit.ordinal()];
      if (arguments.has(option)) {
        String value = arguments.required(option);
        limits = limits.with(limit, ByteCount.parse(option, value, limit.least(), limit.most()));
      }
    }
    return limits;
  }
}
