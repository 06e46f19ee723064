package io.github.kexecsim.loader.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.KexecException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a refusal quotes of a file is no command to the terminal that shows it. */
class QuotedInputTest {
  private static final String ESCAPE = "\u001b]0;title\u0007";
  private static final String IN_JSON = "\\u001b]0;title\\u0007";

  static Stream<Arguments> inputs() {
    return Stream.of(
        machine("a kernel release", "{'arch': 'arm64', 'kernel_version': '%s'}"),
        machine("a machine without memory", "{'name': '%s', 'arch': 'arm64'}"),
        machine("a machine of empty memory", "{'name': '%s', 'arch': 'arm64', 'iomem': '0-f : x'}"),
        Arguments.of("no JSON", (Consumer<String>) RecordedLoads::parse, "{" + ESCAPE),
        Arguments.of(
            "a format",
            (Consumer<String>) RecordedLoads::parse,
            json("{'format': '%s', 'name': 'x'}")),
        Arguments.of(
            "the name of a kernel",
            (Consumer<String>) RecordedLoads::parse,
            json(
                "{'format': 'kexec-recorded-loads/1', 'name': 'x', 'kernels': {'%s': 1}, 'machine':"
                    + " {'arch': 'arm64', 'memblock_memory': '0: 0x0..0xfffff 0 NONE'}}")),
        Arguments.of(
            "a line of a log",
            (Consumer<String>) DebugLog::parse,
            "kexec " + ESCAPE + " nr_segments = 999"));
  }

  private static Arguments machine(String name, String json) {
    Consumer<String> reader = text -> MachineSection.parse("x", text);
    return Arguments.of(name, reader, json(json));
  }

  private static String json(String template) {
    return template.replace('\'', '"').replace("%s", IN_JSON);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("inputs")
  void isPrintable(String name, Consumer<String> reader, String text) {
    KexecException e = catchThrowableOfType(KexecException.class, () -> reader.accept(text));
    assertThat(e).as("a refusal").isNotNull();
    assertThat(e.getMessage() + e.hint()).matches("[ -~]+").contains("x1b");
  }
}
