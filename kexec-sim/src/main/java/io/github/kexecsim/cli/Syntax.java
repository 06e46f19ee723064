package io.github.kexecsim.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

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
    CommandLine line = sorted(words);
    Map<Option, List<String>> values = new HashMap<>();
    for (var found : line.getOptions()) {
      Option option = byName(written(found)).orElseThrow();
      List<String> given = values.computeIfAbsent(option, ignored -> new ArrayList<>());
      if (!given.isEmpty() && !option.repeatable()) {
        throw wrong(option.name() + " is given twice");
      }
      given.add(found.hasArg() ? found.getValue() : "");
    }
    if (!values.containsKey(HELP)) {
      checkCount(line.getArgList());
    }
    return new Arguments(values, line.getArgList());
  }

  private CommandLine sorted(List<String> words) {
    Options known = new ExactOptions();
    options.forEach(option -> option.addTo(known));
    try {
      return DefaultParser.builder()
          .setAllowPartialMatching(false)
          .setStripLeadingAndTrailingQuotes(false)
          .get()
          .parse(known, words.toArray(String[]::new));
    } catch (MissingArgumentException e) {
      String name = written(e.getOption());
      throw wrong(name + " needs a value: " + byName(name).orElseThrow().value());
    } catch (UnrecognizedOptionException e) {
      String name = e.getOption().replaceFirst("(?s)=.*", "");
      throw wrong(byName(name).isPresent() ? name + " takes no value" : "unknown option " + name);
    } catch (ParseException e) {
      throw wrong(e.getMessage());
    }
  }

  /**
   * Names as they are written and in no other way: the library would also take a long one behind a
   * single hyphen, and with its value attached.
   */
  private static final class ExactOptions extends Options {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean hasLongOption(String name) {
      return name.startsWith("--") && super.hasLongOption(name);
    }

    @Override
    public boolean hasShortOption(String name) {
      return name.length() == 1 && super.hasShortOption(name);
    }
  }

  /** A name as it is written; the library's has lost its hyphens. */
  private static String written(org.apache.commons.cli.Option option) {
    String name = option.getKey();
    return (name.length() == 1 ? "-" : "--") + name;
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
