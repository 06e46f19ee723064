package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyntaxTest {
  private static final Option FILE = Option.of("FILE", "A file.", "-f", "--file");
  private static final Option FLAG = Option.flag("A flag.", "--flag");
  private static final Option LONG = Option.of("NAME", "A name.", "--name", "--title");
  private static final Syntax SYNTAX =
      new Syntax("try", "A [B]", 1, 2, "Tries.", List.of(FILE, FLAG, LONG));

  @Test
  void quotesBelongToTheValue() {
    assertThat(SYNTAX.parse(List.of("a", "--file", "\"x y\"")).value(FILE)).contains("\"x y\"");
    assertThat(SYNTAX.parse(List.of("a", "--file=\"x\"")).value(FILE)).contains("\"x\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a -f x --flag b", "--file=x a --flag b", "--flag -f x -- a b"})
  void optionsMayStandAnywhere(String line) {
    Arguments arguments = SYNTAX.parse(List.of(line.split(" ")));
    assertThat(arguments.value(FILE)).contains("x");
    assertThat(arguments.has(FLAG)).isTrue();
    assertThat(arguments.operands()).containsExactly("a", "b");
  }

  @Test
  void aValueMayLookLikeAnOptionOrBeEmpty() {
    assertThat(SYNTAX.parse(List.of("a", "--file=--flag")).value(FILE)).contains("--flag");
    assertThat(SYNTAX.parse(List.of("a", "--file=")).value(FILE)).contains("");
    assertThat(SYNTAX.parse(List.of("a", "--file", "-x=y")).value(FILE)).contains("-x=y");
    assertThat(SYNTAX.parse(List.of("a", "--", "--flag")).operands()).contains("--flag");
    assertThat(SYNTAX.parse(List.of("a", "-")).operands()).contains("-");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a --unknown",
        "a -x",
        "a -name x",
        "a -namex",
        "a -name=x",
        "a --na x",
        "a --nam=x",
        "a --namex",
        "a --name x --title y",
        "a --flag=1",
        "a --file --",
        "a --file",
        "a --file --flag",
        "a --flag --flag",
        "a -f x --file y",
        "--flag",
        "a b c"
      })
  void mistakesAreRefused(String line) {
    assertThatThrownBy(() -> SYNTAX.parse(List.of(line.split(" "))))
        .isInstanceOfSatisfying(
            Failure.class, e -> assertThat(e.status()).isEqualTo(ExitStatus.USAGE));
  }

  @Test
  void helpNeedsNoOperands() {
    assertThat(SYNTAX.parse(List.of("--help")).has(Syntax.HELP)).isTrue();
  }

  @Test
  void everyCommandExplainsItselfWithinTheWidth() {
    Cli cli = new Cli(Path.of(""));
    for (Command command : Command.all()) {
      String name = command.syntax().command();
      assertThat(Command.byName(name)).isPresent();
      String help = cli.run(name, "--help").succeeds().out();
      assertThat(help).contains(command.syntax().summary().substring(0, 20));
      command.syntax().options().forEach(option -> assertThat(help).contains(option.usage()));
      assertThat(help.lines()).allMatch(line -> line.length() <= TextPage.WIDTH);
    }
  }
}
