package io.github.kexecsim.cli;

import java.util.List;
import org.apache.commons.cli.Options;

/**
 * An option of a command.
 *
 * @param names how it may be written, {@code --name} or {@code -n}
 * @param value what its value is called in the help; empty for an option without a value
 * @param help what it does
 * @param repeatable whether it may be given several times, each time with another value
 */
record Option(List<String> names, String value, String help, boolean repeatable) {
  Option {
    names = List.copyOf(names);
  }

  /** An option without a value. */
  static Option flag(String help, String... names) {
    return new Option(List.of(names), "", help, false);
  }

  /** An option with a value. */
  static Option of(String value, String help, String... names) {
    return new Option(List.of(names), value, help, false);
  }

  /** An option with a value, that may be given several times. */
  static Option list(String value, String help, String... names) {
    return new Option(List.of(names), value, help, true);
  }

  boolean takesValue() {
    return !value.isEmpty();
  }

  /** The name that messages use: the longest one, which says most. */
  String name() {
    return names.stream().reduce("", (one, other) -> other.length() > one.length() ? other : one);
  }

  /** As the help shows it, for instance {@code --initrd FILE}. */
  String usage() {
    return String.join(", ", names) + (takesValue() ? " " + value : "");
  }

  /** Makes all its names known to the parser. */
  void addTo(Options known) {
    for (String name : names) {
      if (name.startsWith("--")) {
        known.addOption(null, name.substring(2), takesValue(), help);
      } else {
        known.addOption(name.substring(1), takesValue(), help);
      }
    }
  }

  /**
   * Two are the same when they are called the same; a record's own test is linked at every start.
   */
  @Override
  public boolean equals(Object other) {
    return other instanceof Option that && names.equals(that.names);
  }

  @Override
  public int hashCode() {
    return names.hashCode();
  }
}
