package io.github.kexecsim.loader.fdt;

import static io.github.kexecsim.loader.fdt.FlattenedDeviceTreeTest.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FdtEditorTest {
  private final byte[] blob = SampleTrees.machine();

  private FdtEditor edit() {
    return FdtEditor.open(SampleTrees.parse(blob));
  }

  @Test
  void packsAPackedBlobToItself() {
    assertThat(edit().pack()).isEqualTo(blob);
  }

  @ParameterizedTest
  @CsvSource({
    "brandnew, 0, 12 + 9",
    "brandnew, 1, 12 + 4 + 9",
    "brandnew, 4, 12 + 4 + 9",
    "brandnew, 5, 12 + 8 + 9",
    "reg, 5, 12 + 8",
    "eg, 5, 12 + 8",
    "_type, 0, 12",
    "device, 0, 12 + 7",
    "bootargs, 16, 0",
    "bootargs, 13, 0",
    "bootargs, 12, -4",
    "bootargs, 17, 4",
    "bootargs, 0, -16",
  })
  void growsAsLibfdtDoes(String name, int length, String growth) {
    int expected = Arrays.stream(growth.split(" \\+ ")).mapToInt(Integer::parseInt).sum();

    byte[] packed = edit().setProp("/chosen", name, new byte[length]).pack();

    assertThat(packed.length - blob.length).isEqualTo(expected);
    FdtProperty property =
        SampleTrees.parse(packed).node("/chosen").orElseThrow().property(name).orElseThrow();
    assertThat(property.value().size()).isEqualTo(length);
  }

  @Test
  void keepsTheNameOfARemovedPropertyAndUsesItAgain() {
    FdtEditor editor = edit();

    assertThat(editor.delProp("/chosen", "bootargs")).isTrue();
    assertThat(editor.delProp("/chosen", "bootargs")).isFalse();
    assertThat(editor.pack()).hasSize(blob.length - 12 - 16);
    editor.setString("/chosen", "bootargs", "console=ttyAMA0");
    assertThat(editor.pack()).hasSize(blob.length);
  }

  @Test
  void putsNewPropertiesFirstAndLeavesOldOnesInPlace() {
    byte[] packed =
        edit()
            .setU32("/chosen", "first", 1)
            .setEmpty("/chosen", "second")
            .setString("/chosen", "stdout-path", "changed")
            .pack();

    assertThat(SampleTrees.parse(packed).node("/chosen").orElseThrow().properties())
        .extracting(FdtProperty::name)
        .containsExactly("second", "first", "bootargs", "stdout-path");
  }

  @Test
  void putsNewNodesBehindThePropertiesAndBeforeTheOldNodes() {
    byte[] packed = edit().addSubnode("/", "new").addSubnode("/chosen", "leaf@1").pack();
    FlattenedDeviceTree tree = SampleTrees.parse(packed);

    assertThat(packed).hasSize(blob.length + 12 + 16);
    assertThat(tree.root().children().get(0).name()).isEqualTo("new");
    assertThat(tree.node("/chosen/leaf")).isPresent();
  }

  @Test
  void findsPropertiesBehindNopsAndKeepsTheNops() {
    FdtNode chosen = SampleTrees.parse(blob).node("/chosen").orElseThrow();
    byte[] nopped = SampleTrees.withNops(blob, chosen.property("bootargs").orElseThrow());
    FdtEditor editor = FdtEditor.open(SampleTrees.parse(nopped));

    assertThat(editor.pack()).isEqualTo(nopped);
    assertThat(editor.prop("/chosen", "bootargs")).isEmpty();
    assertThat(editor.prop("/chosen", "stdout-path")).isPresent();
    editor.addSubnode("/chosen", "x").delProp("/chosen", "stdout-path");
    assertThat(editor.pack()).hasSize(blob.length + 12 - 12 - 16);
  }

  @Test
  void appendsToAValue() {
    byte[] packed =
        edit()
            .appendProp("/chosen", "list", new byte[] {1, 2, 3})
            .appendProp("/chosen", "list", new byte[] {4, 5})
            .pack();

    FdtProperty list =
        SampleTrees.parse(packed).node("/chosen").orElseThrow().property("list").orElseThrow();
    assertThat(list.value().toByteArray()).containsExactly(1, 2, 3, 4, 5);
  }

  @Test
  void addsAndRemovesReservations() {
    FdtEditor editor = edit();

    assertThat(editor.delMemRsv(new FdtRegion(0x4800_0000L, 0x2346))).isFalse();
    editor.addMemRsv(new FdtRegion(0x1000, 1)).addMemRsv(new FdtRegion(0x1000, 2));
    assertThat(editor.pack()).hasSize(blob.length + 32);
    assertThat(editor.delMemRsv(new FdtRegion(0x4800_0000L, 0x2345))).isTrue();
    assertThat(SampleTrees.parse(editor.pack()).memRsv())
        .containsExactly(new FdtRegion(0x1000, 1), new FdtRegion(0x1000, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> editor.addMemRsv(new FdtRegion(0x1000, 0)));
  }

  @Test
  void editsTheFirstOfTwoPropertiesOfOneName() {
    byte[] twice = withSecondBootargs();
    FdtEditor editor = FdtEditor.open(SampleTrees.parse(twice));

    assertThat(editor.pack()).isEqualTo(twice);
    editor.delProp("/chosen", "bootargs");
    assertThat(editor.prop("/chosen", "bootargs")).contains(ByteView.of(new byte[] {'2', 0}));
  }

  private static byte[] withSecondBootargs() {
    byte[] built =
        new FdtBuilder()
            .beginNode("chosen")
            .string("bootargs", "1")
            .string("bootargz", "2")
            .endNode()
            .build();
    FdtNode chosen = SampleTrees.parse(built).root().children().get(0);
    int nameoff = SampleTrees.u32(built, chosen.properties().get(0).offset() - 4);
    return SampleTrees.withU32(built, chosen.properties().get(1).offset() - 4, nameoff);
  }

  @Test
  void refusesNodesThatAreNotThereAndNodesThatAre() {
    assertRefused(Reason.BAD_DEVICE_TREE, () -> edit().setEmpty("/none", "x"));
    assertRefused(Reason.BAD_DEVICE_TREE, () -> edit().addSubnode("/none", "x"));
    assertRefused(Reason.BAD_DEVICE_TREE, () -> edit().addSubnode("/", "chosen"));
    assertRefused(Reason.BAD_DEVICE_TREE, () -> edit().addSubnode("/", "memory"));
    assertThatIllegalArgumentException().isThrownBy(() -> edit().hasNode("chosen"));
    assertThatIllegalArgumentException().isThrownBy(() -> edit().addSubnode("/", "a/b"));
    assertThatIllegalArgumentException().isThrownBy(() -> edit().setEmpty("/", ""));
    assertThatIllegalArgumentException().isThrownBy(() -> edit().setU32("/", "x", 1L << 32));
  }

  @Test
  void closesGapsBetweenBlocks() {
    byte[] gappy = relayout(blob, List.of("rsvmap", "structure", "strings"), 24);

    assertThat(FdtEditor.open(SampleTrees.parse(gappy)).pack()).isEqualTo(blob);
  }

  @Test
  void writesBlocksInOrderAndThenStatesVersion16AsCompatible() {
    byte[] shuffled = relayout(blob, List.of("strings", "structure", "rsvmap"), 8);
    shuffled = SampleTrees.withU32(shuffled, SampleTrees.LAST_COMP_VERSION, 17);
    byte[] inOrder = SampleTrees.withU32(blob, SampleTrees.LAST_COMP_VERSION, 17);

    assertThat(FdtEditor.open(SampleTrees.parse(shuffled)).pack()).isEqualTo(blob);
    assertThat(FdtEditor.open(SampleTrees.parse(inOrder)).pack()).isEqualTo(inOrder);
  }

  @Test
  void keepsWhatVersion17CountsBehindEndAndDropsItInVersion16() {
    byte[] structure = ByteBuffer.allocate(24).putInt(1).putInt(0).putInt(2).putInt(9).array();
    byte[] long17 = FdtHeader.assemble(List.of(), structure, new byte[0]);
    byte[] long16 = SampleTrees.withU32(long17, SampleTrees.VERSION, 16);

    assertThat(FdtEditor.open(SampleTrees.parse(long17)).pack()).isEqualTo(long17);
    assertThat(FdtEditor.open(SampleTrees.parse(long16)).pack()).hasSize(long17.length - 8);
  }

  /** The same blocks in another order, with gaps before each. */
  private static byte[] relayout(byte[] blob, List<String> order, int gap) {
    int rsvmapAt = SampleTrees.u32(blob, SampleTrees.OFF_MEM_RSVMAP);
    int structureAt = SampleTrees.u32(blob, SampleTrees.OFF_DT_STRUCT);
    int stringsAt = SampleTrees.u32(blob, SampleTrees.OFF_DT_STRINGS);
    ByteBuffer out = ByteBuffer.allocate(blob.length + 4 * gap);
    out.put(blob, 0, 40).putInt(4, out.capacity());
    for (String block : order) {
      out.position(out.position() + gap);
      switch (block) {
        case "rsvmap" -> {
          out.putInt(SampleTrees.OFF_MEM_RSVMAP, out.position());
          out.put(blob, rsvmapAt, structureAt - rsvmapAt);
        }
        case "structure" -> {
          out.putInt(SampleTrees.OFF_DT_STRUCT, out.position());
          out.put(blob, structureAt, stringsAt - structureAt);
        }
        default -> {
          out.putInt(SampleTrees.OFF_DT_STRINGS, out.position());
          out.put(blob, stringsAt, blob.length - stringsAt);
        }
      }
    }
    return out.array();
  }
}
