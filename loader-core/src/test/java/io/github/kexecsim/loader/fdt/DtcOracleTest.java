package io.github.kexecsim.loader.fdt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The device-tree-compiler's own programs read, write and edit the same trees. */
class DtcOracleTest {
  private static final List<String> NAMES =
      List.of("reg", "g", "status", "us", "compatible", "linux,usable", "x-reg", "ranges", "a");

  @TempDir Path folder;

  /** One random tree, with the paths of its nodes. */
  private record Source(String text, List<String> paths) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void editsAsFdtputDoes(long seed) throws IOException, InterruptedException {
    DtcTools.assumeInstalled("dtc");
    DtcTools.assumeInstalled("fdtput");
    SplittableRandom random = new SplittableRandom(seed);
    Source source = source(random);
    byte[] blob =
        DtcTools.compile(folder, source.text(), List.of("-p", "" + 8 * random.nextInt(3)));
    FdtEditor editor = FdtEditor.open(SampleTrees.parse(blob));
    for (int round = 0; round < 15; round++) {
      String path = source.paths().get(random.nextInt(source.paths().size()));
      editBoth(editor, path, random);
    }

    byte[] theirs = Files.readAllBytes(folder.resolve("out.dtb"));
    byte[] ours = editor.pack();

    assertThat(ours).hasSameSizeAs(theirs);
    FlattenedDeviceTree expected = SampleTrees.parse(theirs);
    FlattenedDeviceTree actual = SampleTrees.parse(ours);
    assertThat(actual.root()).isEqualTo(expected.root());
    assertThat(actual.strings()).isEqualTo(expected.strings());
    assertThat(actual.memRsv()).isEqualTo(expected.memRsv());
    assertThat(actual.header()).isEqualTo(expected.header());
    assertThat(DtcTools.decompile(folder, ours)).isEqualTo(DtcTools.decompile(folder, theirs));
  }

  private void editBoth(FdtEditor editor, String path, SplittableRandom random)
      throws IOException, InterruptedException {
    String name = NAMES.get(random.nextInt(NAMES.size()));
    int choice = random.nextInt(10);
    if (choice < 2) {
      if (editor.delProp(path, name)) {
        DtcTools.run(folder, List.of("fdtput", "-d", "out.dtb", path, name));
      }
    } else if (choice < 4) {
      String child = "new" + random.nextInt(100);
      String childPath = (path.equals("/") ? "" : path) + "/" + child;
      if (!editor.hasNode(childPath)) {
        editor.addSubnode(path, child);
        DtcTools.run(folder, List.of("fdtput", "-c", "out.dtb", childPath));
      }
    } else {
      byte[] value = new byte[random.nextInt(12)];
      random.nextBytes(value);
      editor.setProp(path, name, value);
      List<String> command = new ArrayList<>(List.of("fdtput", "-t", "bx", "out.dtb", path, name));
      for (byte b : value) {
        command.add(HexFormat.of().toHexDigits(b));
      }
      DtcTools.run(folder, command);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24, 25, 26, 27, 28})
  void packsWhatDtcWrote(long seed) throws IOException, InterruptedException {
    DtcTools.assumeInstalled("dtc");
    Source source = source(new SplittableRandom(seed));
    byte[] packed = DtcTools.compile(folder, source.text(), List.of("-V", "17"));
    byte[] padded = DtcTools.compile(folder, source.text(), List.of("-V", "17", "-S", "5000"));
    byte[] old = DtcTools.compile(folder, source.text(), List.of("-V", "16"));

    assertThat(padded).hasSize(5000);
    for (byte[] blob : List.of(packed, padded, old)) {
      FlattenedDeviceTree tree = SampleTrees.parse(blob);
      assertThat(FdtEditor.open(tree).pack()).isEqualTo(packed);
      for (String path : source.paths()) {
        assertThat(tree.node(path)).as(path).isPresent();
      }
    }
  }

  @Test
  void dtcReadsWhatTheBuilderWrites() throws IOException, InterruptedException {
    DtcTools.assumeInstalled("dtc");
    byte[] blob = SampleTrees.machine();

    String text = DtcTools.decompile(folder, blob);

    assertThat(text).contains("memory@40000000", "/memreserve/", "stdout-path");
    assertThat(FdtEditor.open(SampleTrees.parse(DtcTools.compile(folder, text, List.of()))).pack())
        .isEqualTo(blob);
  }

  @Test
  void fdtgetReadsTheSameValues() throws IOException, InterruptedException {
    DtcTools.assumeInstalled("fdtget");
    Files.write(folder.resolve("out.dtb"), SampleTrees.machine());

    String cells = DtcTools.run(folder, List.of("fdtget", "-t", "x", "out.dtb", "/memory", "reg"));
    String alias = DtcTools.run(folder, List.of("fdtget", "-t", "x", "out.dtb", "serial0", "reg"));

    FlattenedDeviceTree tree = SampleTrees.parse(SampleTrees.machine());
    assertThat(cells.strip()).isEqualTo(hexCells(tree, "/memory"));
    assertThat(alias.strip()).isEqualTo(hexCells(tree, "serial0"));
  }

  private static String hexCells(FlattenedDeviceTree tree, String path) {
    List<Long> cells = tree.node(path).orElseThrow().property("reg").orElseThrow().cells();
    return String.join(" ", cells.stream().map(Long::toHexString).toList());
  }

  private static Source source(SplittableRandom random) {
    StringBuilder text = new StringBuilder("/dts-v1/;\n");
    for (int i = random.nextInt(3); i > 0; i--) {
      text.append(
          String.format(
              "/memreserve/ 0x%x 0x%x;%n", random.nextLong(1L << 40), 1 + random.nextInt(9999)));
    }
    List<String> paths = new ArrayList<>();
    node(text, "/", "/", 0, paths, random);
    return new Source(text.toString(), paths);
  }

  private static void node(
      StringBuilder text,
      String name,
      String path,
      int depth,
      List<String> paths,
      SplittableRandom random) {
    paths.add(path);
    text.append(name).append(" {\n");
    Set<String> used = new LinkedHashSet<>();
    for (int i = random.nextInt(6); i > 0; i--) {
      used.add(NAMES.get(random.nextInt(NAMES.size())));
    }
    for (String property : used) {
      byte[] value = new byte[random.nextInt(20)];
      random.nextBytes(value);
      text.append(property).append(" = [").append(HexFormat.of().formatHex(value)).append("];\n");
    }
    int children = depth == 3 ? 0 : random.nextInt(4);
    for (int i = 0; i < children; i++) {
      String child = Arrays.asList("cpu@" + i, "mem@" + i + "000", "n" + i).get(random.nextInt(3));
      String childPath = (path.equals("/") ? "" : path) + "/" + child;
      node(text, child, childPath, depth + 1, paths, random);
    }
    text.append("};\n");
  }
}
