package io.github.kexecsim.loader.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.fdt.DeviceTreeCpus;
import io.github.kexecsim.loader.fdt.DeviceTreeMemory;
import io.github.kexecsim.loader.fdt.FdtBuilder;
import io.github.kexecsim.loader.fdt.FdtEditor;
import io.github.kexecsim.loader.fdt.FdtRegion;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.fdt.KexecDeviceTree;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.provider.MethodSource;

/** A blob is refused, or it is a tree that can be written, read again and worked on. */
class FdtFuzzTest {
  private static final Limits LIMITS =
      Limits.DEFAULT
          .with(Limit.DEVICE_TREE_SIZE, 1 << 16)
          .with(Limit.DEVICE_TREE_DEPTH, 16)
          .with(Limit.DEVICE_TREE_NODES, 1 << 10)
          .with(Limit.DEVICE_TREE_PROPERTIES, 1 << 12)
          .with(Limit.DEVICE_TREE_NAME, 64);
  private static final Limits ONCE_EDITED =
      Limits.DEFAULT
          .with(Limit.DEVICE_TREE_SIZE, 1 << 18)
          .with(Limit.DEVICE_TREE_DEPTH, 32)
          .with(Limit.DEVICE_TREE_NODES, 1 << 11)
          .with(Limit.DEVICE_TREE_PROPERTIES, 1 << 13)
          .with(Limit.DEVICE_TREE_NAME, 64);
  private static final KexecDeviceTree.Edits EDITS =
      KexecDeviceTree.Edits.forPageSize(4096)
          .withInitrd(new FdtRegion(0x1000, 1))
          .withCmdline("x")
          .withCrash(
              new KexecDeviceTree.Crash(
                  new FdtRegion(0x3000, 0x1000), new FdtRegion(0x2000, 0x10000), Optional.empty()));

  private static final int MAX_DEPTH = 8;
  private static final List<String> NODES = List.of("a", "b", "memory@0", "chosen", "cpus", "c@1");
  private static final List<String> PROPERTIES =
      List.of("reg", "#address-cells", "#size-cells", "device_type", "x", "ranges");

  static List<byte[]> trees() {
    return Seeds.deviceTrees();
  }

  /** Tokens of the smallest size and their names are what costs most. */
  private static long allocation(int size) {
    return (4 << 20) + 256L * size;
  }

  @MethodSource("trees")
  @FuzzTest
  void tree(byte[] blob) {
    Bounds.read(allocation(blob.length), () -> FlattenedDeviceTree.parse(ByteView.of(blob), LIMITS))
        .ifPresent(FdtFuzzTest::use);
  }

  private static void use(FlattenedDeviceTree tree) {
    byte[] packed = FdtEditor.open(tree).pack();
    FlattenedDeviceTree again = FlattenedDeviceTree.parse(ByteView.of(packed), ONCE_EDITED);
    assertThat(FdtEditor.open(again).pack()).isEqualTo(packed);
    assertThat(again.memRsv()).isEqualTo(tree.memRsv());

    long allocation = allocation(tree.totalsize());
    Bounds.read(allocation, () -> DeviceTreeMemory.of(tree));
    Bounds.read(allocation, () -> DeviceTreeCpus.possible(tree, true));
    Bounds.read(allocation, () -> KexecDeviceTree.setup(tree, EDITS))
        .ifPresent(next -> FlattenedDeviceTree.parse(ByteView.of(next), ONCE_EDITED));
  }

  /** What the builder and the editor make, the parser takes; writing it again changes nothing. */
  @MethodSource("trees")
  @FuzzTest
  void written(byte[] data) {
    FuzzBytes input = new FuzzBytes(data);
    FlattenedDeviceTree built = FlattenedDeviceTree.parse(ByteView.of(build(input)));
    FdtEditor editor = FdtEditor.open(built);
    for (int i = 0; i < 8; i++) {
      try {
        edit(editor, input);
      } catch (KexecException refused) {
        Bounds.checkTold(refused);
      }
    }
    byte[] edited = editor.pack();
    FlattenedDeviceTree read = FlattenedDeviceTree.parse(ByteView.of(edited));
    assertThat(FdtEditor.open(read).pack()).isEqualTo(edited);
  }

  private static byte[] build(FuzzBytes input) {
    FdtBuilder builder = new FdtBuilder();
    int depth = 0;
    for (int i = 0; i < 64; i++) {
      try {
        switch (input.u8() % 5) {
          case 0 -> {
            if (depth < MAX_DEPTH) {
              builder.beginNode(input.pick(NODES));
              depth++;
            }
          }
          case 1 -> {
            if (depth > 0) {
              builder.endNode();
              depth--;
            }
          }
          case 2 -> builder.u32(input.pick(PROPERTIES), Integer.toUnsignedLong(input.i32()));
          case 3 -> builder.string(input.pick(PROPERTIES), "x".repeat(input.u8()));
          default -> builder.addMemRsv(input.i32(), 1 + input.u8());
        }
      } catch (IllegalArgumentException | IllegalStateException misuse) {
        continue; // a name twice, or a property behind a node
      }
    }
    for (; depth > 0; depth--) {
      builder.endNode();
    }
    return builder.build();
  }

  private static void edit(FdtEditor editor, FuzzBytes input) {
    String path = "/" + input.pick(NODES);
    switch (input.u8() % 5) {
      case 0 -> editor.setProp(path, input.pick(PROPERTIES), input.take(input.u8()));
      case 1 -> editor.delProp(path, input.pick(PROPERTIES));
      case 2 -> editor.addSubnode("/", input.pick(NODES));
      case 3 -> editor.appendProp(path, input.pick(PROPERTIES), input.take(input.u8()));
      default -> editor.addMemRsv(new FdtRegion(input.i32(), 1 + input.u8()));
    }
  }
}
