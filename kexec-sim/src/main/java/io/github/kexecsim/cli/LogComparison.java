package io.github.kexecsim.cli;

import io.github.kexecsim.loader.LoadPlan;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.record.DebugLog;
import java.util.List;

/**
 * A plan held against what a host's debug output tells of the same load.
 *
 * @param log the log's file, as the user wrote it
 * @param differences what differs, the log's side first; empty where all is identical
 */
record LogComparison(String log, List<String> differences) {
  static final Option COMPARE =
      Option.of(
          "LOG",
          "Compare with what a host logged of this load: the output of kexec -d -l, or the kernel's"
              + " log of kexec -d -s -l.",
          "--compare");

  LogComparison {
    differences = List.copyOf(differences);
  }

  /**
   * Compares.
   *
   * @throws Failure with {@link ExitStatus#FILE} where the log tells of no load
   */
  static LogComparison of(InputFile file, LoadPlan plan) {
    DebugLog log;
    try {
      log = DebugLog.parse(file.text());
    } catch (KexecException e) {
      throw Failure.unusable(file.name(), e);
    }
    return new LogComparison(
        file.name(),
        plan.placed()
            .map(log::differences)
            .orElseGet(() -> log.differences(plan.refusal().orElseThrow().cause())));
  }

  boolean isIdentical() {
    return differences.isEmpty();
  }

  /** For instance {@code identical} or {@code 2 differences}. */
  String summary() {
    return switch (differences.size()) {
      case 0 -> "identical";
      case 1 -> "1 difference";
      default -> differences.size() + " differences";
    };
  }
}
