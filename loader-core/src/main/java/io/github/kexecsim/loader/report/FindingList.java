package io.github.kexecsim.loader.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Findings, up to as many as a person reads; a header may have tens of thousands of faults. Where
 * there are too many, a defect takes the place of a warning.
 */
public final class FindingList {
  private static final int MOST = 20;

  private final String owner;
  private final List<Finding> findings = new ArrayList<>();
  private long more;

  /**
   * An empty list.
   *
   * @param owner what the findings are of, in a few words
   */
  public FindingList(String owner) {
    this.owner = Objects.requireNonNull(owner);
  }

  /** Adds a finding, which is made only if it may be shown. */
  public void add(Flaw flaw, Supplier<Finding> finding) {
    if (findings.size() == MOST) {
      more++;
      if (flaw.severity() != Severity.DEFECT || !dropWarning()) {
        return;
      }
    }
    findings.add(finding.get());
  }

  /** Drops the last warning; false where there is none. */
  private boolean dropWarning() {
    for (int i = findings.size() - 1; i >= 0; i--) {
      if (!findings.get(i).isDefect()) {
        findings.remove(i);
        return true;
      }
    }
    return false;
  }

  /** The findings, and last how many more there are. */
  public List<Finding> asList() {
    List<Finding> all = new ArrayList<>(findings);
    if (more > 0) {
      all.add(Finding.of(Flaw.MORE_FINDINGS, "and " + more + " more findings of " + owner));
    }
    return List.copyOf(all);
  }
}
