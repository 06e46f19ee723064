package io.github.kexecsim.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every limit has an option, and a row of the table in docs/cli.md. */
class LimitOptionsTest {
  private static final Path DOCUMENT = Path.of("..", "docs", "cli.md");

  /** Name, option, default, range; what it bounds is for people. */
  private static final Pattern ROW =
      Pattern.compile(
          "^\\| `([A-Z_]+)` \\| `(\\S+)` \\| (\\S+) \\| (\\d+) to (\\d+) \\| [^|]{20,} \\|$",
          Pattern.MULTILINE);

  @TempDir Path dir;

  @Test
  void theDocumentHasEveryLimit() throws Exception {
    List<MatchResult> rows =
        ROW.matcher(Files.readString(DOCUMENT, StandardCharsets.UTF_8)).results().toList();
    assertThat(rows).hasSameSizeAs(Limit.values());
    for (Limit limit : Limit.values()) {
      MatchResult row = rows.get(limit.ordinal());
      assertThat(row.group(1)).isEqualTo(limit.name());
      assertThat(row.group(2)).isEqualTo("--" + limit.option());
      assertThat(row.group(3)).isEqualTo(LimitOptions.byDefault(limit));
      assertThat(row.group(4)).isEqualTo(Long.toString(limit.least()));
      assertThat(row.group(5)).isEqualTo(Long.toString(limit.most()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void theOptionSetsTheLimitWithinItsBounds(Limit limit) {
    Option option = LimitOptions.of(limit).get(0);
    assertThat(LimitOptions.limits(arguments(option, Long.toString(limit.most()))))
        .isEqualTo(Limits.DEFAULT.with(limit, limit.most()));
    assertThat(LimitOptions.limits(arguments(option, LimitOptions.byDefault(limit))))
        .isEqualTo(Limits.DEFAULT);
    for (String value : List.of(Long.toString(limit.most() + 1), "-1", "", "much")) {
      Failure failure =
          catchThrowableOfType(Failure.class, () -> LimitOptions.limits(arguments(option, value)));
      assertThat(failure.status()).isEqualTo(ExitStatus.USAGE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void loadOffersEveryLimit(Limit limit) {
    assertThat(new LoadCommand().syntax().options()).containsAll(LimitOptions.of(limit));
  }

  @Test
  void loadKeepsToThem() throws Exception {
    byte[] tree = new FdtBuilder().beginNode("chosen").endNode().build();
    TestImages.write(dir, "tree.dtb", tree);
    TestImages.write(dir, "zboot", Samples.image(Optional.empty()).bytes().toByteArray());
    TestImages.write(
        dir,
        "iomem",
        "40000000-4fffffff : System RAM\n50000000-7fffffff : System RAM\n"
            .getBytes(StandardCharsets.US_ASCII));
    String[] given = {"load", "zboot", "--iomem", "iomem", "--dtb", "tree.dtb", "--simulate"};
    String[][] enough = {
      {"--max-ranges", "2"},
      {"--max-dtb", Integer.toString(tree.length)},
      {"--max-dtb-depth", "2"},
      {"--max-dtb-nodes", "2"},
      {"--max-depth", "2"},
      {"--max-sections", "2"},
      {"--max-decompressed", "36864"},
      {"--max-pages", "10"}
    };
    for (String[] option : enough) {
      load(given, option).succeeds();
      String less = Long.toString(Long.parseLong(option[1]) - 1);
      load(given, option[0], less).rejects(Reason.LIMIT_EXCEEDED);
    }
    load(given, "--max-file", "100").failsWith(ExitStatus.FILE);
  }

  private Cli.Result load(String[] given, String... more) {
    return new Cli(dir)
        .run(
            Stream.of(given, more, new String[] {"--json"})
                .flatMap(Arrays::stream)
                .toArray(String[]::new));
  }

  private static Arguments arguments(Option option, String value) {
    return new Arguments(Map.of(option, List.of(value)), List.of());
  }
}
