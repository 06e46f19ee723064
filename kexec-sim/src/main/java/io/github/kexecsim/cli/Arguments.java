package io.github.kexecsim.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a command was given.
 *
 * @param values the options, each with its values in order; the empty one where it takes none
 * @param operands what is not an option, in order
 */
record Arguments(Map<Option, List<String>> values, List<String> operands) {
  Arguments {
    values = Map.copyOf(values);
    operands = List.copyOf(operands);
  }

  boolean has(Option option) {
    return values.containsKey(option);
  }

  Optional<String> value(Option option) {
    return values(option).stream().findFirst();
  }

  /** All values of an option that may be given several times. */
  List<String> values(Option option) {
    return values.getOrDefault(option, List.of());
  }

  /** The value of an option that this command cannot do without. */
  String required(Option option) {
    return value(option).orElseThrow(() -> Failure.usage(option.usage() + " is missing"));
  }
}
