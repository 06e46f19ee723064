package io.github.kexecsim.loader.fdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class DeviceTreeCpusTest {
  @Test
  void countsCpuNodesByNameOrType() {
    FdtBuilder tree = cpus().beginNode("cpu-map").endNode().beginNode("l2-cache").endNode();
    tree.beginNode("core@2").string("device_type", "cpu").u32("reg", 2).endNode();

    assertThat(possible(tree.endNode(), false)).hasValue(3);
  }

  @Test
  void aDisabledCpuIsPossibleWhereTheArchitectureSaysSo() {
    FdtBuilder tree = cpus();
    tree.beginNode("cpu@2").string("status", "disabled").u32("reg", 2).endNode();
    FdtBuilder other = cpus();
    other.beginNode("cpu@2").string("status", "disabled").u32("reg", 2).endNode();

    assertThat(possible(tree.endNode(), false)).hasValue(3);
    assertThat(possible(other.endNode(), true)).hasValue(2);
  }

  @Test
  void brokenAndUnnumberedAndRepeatedCpusDoNotCount() {
    FdtBuilder tree = cpus();
    tree.beginNode("cpu@2").string("status", "fail-hot").u32("reg", 2).endNode();
    tree.beginNode("cpu@3").endNode();
    tree.beginNode("cpu@4").u32("reg", 1).endNode();

    assertThat(possible(tree.endNode(), false)).hasValue(2);
  }

  @Test
  void nrCpusOfBootargsLimits() {
    assertThat(possible(cpus().endNode(), "quiet nr_cpus=1", false)).hasValue(1);
    assertThat(possible(cpus().endNode(), "nr_cpus=64 xnr_cpus=1 nr_cpus=0", false)).hasValue(2);
  }

  @Test
  void aTreeWithoutCpusSaysNothing() {
    assertThat(possible(new FdtBuilder(), false)).isEmpty();
  }

  private static FdtBuilder cpus() {
    FdtBuilder tree = new FdtBuilder().beginNode("cpus");
    tree.beginNode("cpu@0").u32("reg", 0).endNode();
    return tree.beginNode("cpu@1").u32("reg", 1).endNode();
  }

  private static OptionalInt possible(FdtBuilder tree, boolean onlyAvailable) {
    return DeviceTreeCpus.possible(
        FlattenedDeviceTree.parse(ByteView.of(tree.build())), onlyAvailable);
  }

  private static OptionalInt possible(FdtBuilder tree, String bootargs, boolean onlyAvailable) {
    return possible(tree.beginNode("chosen").string("bootargs", bootargs).endNode(), onlyAvailable);
  }
}
