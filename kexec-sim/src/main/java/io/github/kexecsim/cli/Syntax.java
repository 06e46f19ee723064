package io.github.kexecsim.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a command takes.
 *
 * @param command its name
 * @param operands its operands as the help shows them
 * @param minOperands how many operands it needs
 * @param maxOperands how many it takes
 * @param summary what it does, in one line
 * @param options its own options; {@link #HELP} and {@link #DEBUG} every command has
 */
record Syntax(
    String command,
    String operands,
    int minOperands,
    int maxOperands,
    String summary,
    List<Option> options) {
  static final Option HELP = Option.flag("Show this help.", "-h", "--help");
  static final Option DEBUG = Option.flag("Show the stack trace of an error.", "--debug");

  private static final String END_OF_OPTIONS = "--";

  Syntax {
    options = new ArrayList<>(options);
    options.add(DEBUG);
    options.add(HELP);
    options = List.copyOf(options);
  }

  /**
   * Sorts a command line into options and operands. A value stands behind its option or behind
   * {@code =}; behind {@code --} everything is an operand.
   *
   * @throws Failure with {@link ExitStatus#USAGE}
   */
  Arguments parse(List<String> words) {
    Map<Option, String> values = new HashMap<>();
    List<String> found = new ArrayList<>();
    int i = 0;
    while (i < words.size()) {
      String word = words.get(i++);
      if (word.equals(END_OF_OPTIONS)) {
        found.addAll(words.subList(i, words.size()));
        break;
      }
      if (!word.startsWith("-") || word.equals("-")) {
        found.add(word);
        continue;
      }
      int equals = word.startsWith("--") ? word.indexOf('=') : -1;
      String name = equals < 0 ? word : word.substring(0, equals);
      Option option = byName(name).orElseThrow(() -> wrong("unknown option " + name));
      String value = equals < 0 ? "" : word.substring(equals + 1);
      if (equals >= 0 && !option.takesValue()) {
        throw wrong(name + " takes no value");
      }
      if (equals < 0 && option.takesValue()) {
        if (i == words.size() || byName(words.get(i)).isPresent()) {
          throw wrong(name + " needs a value: " + option.value());
        }
        value = words.get(i++);
      }
      if (values.put(option, value) != null) {
        throw wrong(option.name() + " is given twice");
      }
    }
    if (!values.containsKey(HELP)) {
      checkCount(found);
    }
    return new Arguments(values, found);
  }

  private Optional<Option> byName(String name) {
    return options.stream().filter(option -> option.names().contains(name)).findFirst();
  }

  private void checkCount(List<String> found) {
    if (found.size() < minOperands) {
      throw wrong(operands + " is missing");
    }
    if (found.size() > maxOperands) {
      throw wrong("one operand too many: " + found.get(maxOperands));
    }
  }

  private Failure wrong(String message) {
    return Failure.usage(command + ": " + message + "; see \"kexec-sim " + command + " --help\"");
  }

  /** The help: how to call the command, what it does, its options. */
  String help() {
    TextPage page = new TextPage();
    page.line("Usage: kexec-sim " + command + " [OPTION]... " + operands).line("");
    page.wrapped(summary).line("");
    for (Option option : options) {
      page.entry(option.usage(), option.help());
    }
    return page.toString();
  }
}
