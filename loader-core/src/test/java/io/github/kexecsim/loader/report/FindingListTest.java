package io.github.kexecsim.loader.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FindingListTest {
  private final FindingList list = new FindingList("something");

  private void add(Flaw flaw, int times) {
    for (int i = 0; i < times; i++) {
      list.add(flaw, () -> Finding.of(flaw, "found"));
    }
  }

  @Test
  void aShortListIsWhatWasAdded() {
    add(Flaw.EMPTY_SECTION, 19);
    add(Flaw.REPEATED_SECTION, 1);
    assertThat(list.asList()).hasSize(20);
    assertThat(list.asList().get(19).flaw()).isEqualTo(Flaw.REPEATED_SECTION);
  }

  @Test
  void aLongListIsCutAndCounted() {
    add(Flaw.REPEATED_SECTION, 1000);
    assertThat(list.asList()).hasSize(21);
    assertThat(list.asList().get(20).flaw()).isEqualTo(Flaw.MORE_FINDINGS);
    assertThat(list.asList().get(20).message()).contains("980");
  }

  @Test
  void aDefectBehindManyWarningsIsListed() {
    add(Flaw.EMPTY_SECTION, 1000);
    add(Flaw.REPEATED_SECTION, 2);
    assertThat(list.asList())
        .hasSize(21)
        .extracting(Finding::flaw)
        .endsWith(Flaw.REPEATED_SECTION, Flaw.REPEATED_SECTION, Flaw.MORE_FINDINGS);
    assertThat(list.asList().get(20).message()).contains("982");
  }

  @Test
  void findingsThatAreNotShownAreNotMade() {
    add(Flaw.REPEATED_SECTION, 20);
    list.add(
        Flaw.REPEATED_SECTION,
        () -> {
          throw new AssertionError("made");
        });
    assertThat(list.asList()).hasSize(21);
  }
}
