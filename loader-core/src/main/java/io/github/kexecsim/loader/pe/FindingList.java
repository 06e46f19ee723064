package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.report.Finding;
import io.github.kexecsim.loader.report.Flaw;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Findings, up to as many as a person reads; a header may have tens of thousands of faults. */
final class FindingList {
  private static final int MOST = 20;

  private final List<Finding> findings = new ArrayList<>();
  private long more;

  /** Adds a finding, which is made only if it is going to be shown. */
  void add(Supplier<Finding> finding) {
    if (findings.size() < MOST) {
      findings.add(finding.get());
    } else {
      more++;
    }
  }

  /** The findings, and last how many more there are. */
  List<Finding> asList() {
    List<Finding> all = new ArrayList<>(findings);
    if (more > 0) {
      all.add(Finding.of(Flaw.MORE_FINDINGS, "and " + more + " more findings of the PE header"));
    }
    return List.copyOf(all);
  }
}
