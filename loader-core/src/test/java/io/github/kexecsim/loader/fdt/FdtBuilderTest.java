package io.github.kexecsim.loader.fdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

class FdtBuilderTest {
  @Test
  void buildsTheSmallestTree() {
    byte[] blob = new FdtBuilder().build();

    assertThat(blob).hasSize(40 + 16 + 16);
    assertThat(SampleTrees.parse(blob).root().properties()).isEmpty();
  }

  @Test
  void refusesWhatNoTreeCanHave() {
    assertThatIllegalArgumentException().isThrownBy(() -> new FdtBuilder().empty("x").empty("x"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FdtBuilder().beginNode("x").endNode().beginNode("x"));
    assertThatIllegalArgumentException().isThrownBy(() -> new FdtBuilder().beginNode("a/b"));
    assertThatIllegalArgumentException().isThrownBy(() -> new FdtBuilder().string("x", "a\0b"));
    assertThatIllegalArgumentException().isThrownBy(() -> new FdtBuilder().string("x", "\u20ac"));
    assertThatIllegalArgumentException().isThrownBy(() -> new FdtBuilder().u32("x", -1));
    assertThatIllegalArgumentException().isThrownBy(() -> new FdtBuilder().addMemRsv(1, 0));
    assertThatIllegalStateException()
        .isThrownBy(() -> new FdtBuilder().beginNode("x").endNode().empty("late"));
    assertThatIllegalStateException().isThrownBy(() -> new FdtBuilder().endNode());
    assertThatIllegalStateException().isThrownBy(() -> new FdtBuilder().beginNode("x").build());
  }

  @Test
  void buildsOnce() {
    FdtBuilder builder = new FdtBuilder();
    builder.build();

    assertThatIllegalStateException().isThrownBy(builder::build);
  }
}
