package io.github.kexecsim.loader.fdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlattenedDeviceTreeTest {
  private final byte[] blob = SampleTrees.machine();
  private final FlattenedDeviceTree tree = SampleTrees.parse(blob);

  @ParameterizedTest
  @CsvSource({
    "/, /",
    "//, /",
    "/soc, soc",
    "/soc/uart@9000000, uart@9000000",
    "/soc/uart, uart@9000000",
    "//soc///uart/, uart@9000000",
    "/memory, memory@40000000",
    "serial0, uart@9000000",
    "serial0/, uart@9000000",
  })
  void findsNodesByPath(String path, String name) {
    assertThat(tree.node(path).orElseThrow().toString()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/so", "/soc@0", "/socket", "/soc/uart@9000001", "/soc/uart@", "serial1", ""})
  void findsNothingElse(String path) {
    assertThat(tree.node(path)).isEmpty();
  }

  @Test
  void followsNoAliasThatIsItselfAnAlias() {
    byte[] circular =
        new FdtBuilder().beginNode("aliases").string("a", "a").string("b", "a").endNode().build();

    assertThat(SampleTrees.parse(circular).node("a")).isEmpty();
    assertThat(SampleTrees.parse(circular).node("b/c")).isEmpty();
  }

  @Test
  void readsTypedValues() {
    FdtNode root = tree.root();
    FdtNode memory = tree.node("/memory").orElseThrow();
    FdtProperty reg = memory.property("reg").orElseThrow();

    assertThat(root.property("#size-cells").orElseThrow().u32()).isEqualTo(2);
    assertThat(root.property("compatible").orElseThrow().string()).isEqualTo("vendor,board");
    assertThat(root.property("compatible").orElseThrow().strings())
        .containsExactly("vendor,board", "vendor,family");
    assertThat(reg.cells()).containsExactly(0L, 0x4000_0000L, 0L, 0x4000_0000L);
    assertThat(reg.regions(2, 2)).containsExactly(new FdtRegion(0x4000_0000L, 0x4000_0000L));
    assertThat(reg.regions(1, 1))
        .containsExactly(new FdtRegion(0, 0x4000_0000L), new FdtRegion(0, 0x4000_0000L));
    assertThat(memory.property("absent")).isEmpty();
    assertThat(tree.memRsv()).containsExactly(new FdtRegion(0x4800_0000L, 0x2345));
  }

  @Test
  void refusesValuesThatAreNotOfTheType() {
    FdtProperty reg = tree.node("/memory").orElseThrow().property("reg").orElseThrow();
    FdtProperty text = tree.root().property("compatible").orElseThrow();
    FdtProperty cut = new FdtProperty("x", ByteView.of(new byte[] {'a', 0, 'b'}), 0);

    assertRefused(Reason.BAD_DEVICE_TREE, reg::u32);
    assertRefused(Reason.BAD_DEVICE_TREE, reg::u64);
    assertRefused(Reason.BAD_DEVICE_TREE, () -> reg.regions(2, 1));
    assertRefused(Reason.BAD_DEVICE_TREE, () -> reg.regions(3, 1));
    assertRefused(Reason.BAD_DEVICE_TREE, () -> reg.regions(1, 0));
    assertRefused(Reason.BAD_DEVICE_TREE, text::cells);
    assertRefused(Reason.BAD_DEVICE_TREE, cut::strings);
    assertThat(cut.string()).isEqualTo("a");
    assertRefused(
        Reason.BAD_DEVICE_TREE,
        () -> new FdtProperty("x", ByteView.of(new byte[] {'a'}), 0).string());
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "3, 0", "4, 0x01020304", "8, 0x0102030405060708", "12, 0x05060708090a0b0c"})
  void readsNumbersOfAnyLengthAsTheKernelDoes(int size, String number) {
    byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

    assertThat(new FdtProperty("x", ByteView.of(bytes, 0, size), 0).number())
        .isEqualTo(Long.decode(number));
  }

  @Test
  void statesCellsOrTheirDefaults() {
    FdtNode aliases = tree.node("/aliases").orElseThrow();
    FdtNode soc = tree.node("/soc").orElseThrow();

    assertThat(List.of(aliases.addressCells(), aliases.sizeCells())).containsExactly(2, 1);
    assertThat(List.of(soc.addressCells(), soc.sizeCells())).containsExactly(1, 1);
  }

  @ParameterizedTest
  @CsvSource({"#address-cells, 0", "#address-cells, 5", "#size-cells, 5"})
  void refusesImpossibleCells(String name, int cells) {
    FdtNode root = SampleTrees.parse(new FdtBuilder().u32(name, cells).build()).root();

    assertRefused(
        Reason.BAD_DEVICE_TREE, name.equals("#size-cells") ? root::sizeCells : root::addressCells);
  }

  @ParameterizedTest
  @CsvSource({"okay, true", "ok, true", "disabled, false", "reserved, false", "okay2, false"})
  void knowsWhatIsAvailable(String status, boolean available) {
    byte[] stated = new FdtBuilder().string("status", status).build();

    assertThat(SampleTrees.parse(stated).root().isAvailable()).isEqualTo(available);
    assertThat(tree.root().isAvailable()).isTrue();
  }

  @Test
  void looksAtNothingBehindTotalsize() {
    byte[] longer = Arrays.copyOf(blob, blob.length + 100);

    assertThat(SampleTrees.parse(longer).totalsize()).isEqualTo(blob.length);
    assertThat(SampleTrees.parse(longer).root()).isEqualTo(tree.root());
  }

  @Test
  void readsVersion16() {
    byte[] old = SampleTrees.withU32(blob, SampleTrees.VERSION, 16);
    old = SampleTrees.withU32(old, SampleTrees.SIZE_DT_STRUCT, -1);

    assertThat(SampleTrees.parse(old).root()).isEqualTo(tree.root());
    assertThat(SampleTrees.parse(old).version()).isEqualTo(16);
  }

  @Test
  void readsALaterVersionThatIsCompatible() {
    byte[] later = SampleTrees.withU32(blob, SampleTrees.VERSION, 99);

    assertThat(SampleTrees.parse(later).root()).isEqualTo(tree.root());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0xedfe0dd0",
    "4, 39",
    "8, 39",
    "8, 0x7fffffff",
    "8, -1",
    "12, 39",
    "12, -1",
    "16, 39",
    "16, -1",
    "20, 15",
    "20, 3",
    "24, 18",
    "32, 0x7fffffff",
    "32, 0",
    "32, 5",
    "36, 0x7fffffff",
    "36, -1",
    "36, 0",
    "36, 16",
  })
  void refusesImpossibleHeaders(int offset, String value) {
    byte[] bad = SampleTrees.withU32(blob, offset, Long.decode(value).intValue());

    assertRefused(Reason.BAD_DEVICE_TREE, () -> SampleTrees.parse(bad));
  }

  @Test
  void refusesAVersionBelowItsOwnCompatibility() {
    byte[] bad = SampleTrees.withU32(blob, SampleTrees.VERSION, 16);
    byte[] worse = SampleTrees.withU32(bad, SampleTrees.LAST_COMP_VERSION, 17);

    assertRefused(Reason.BAD_DEVICE_TREE, () -> SampleTrees.parse(worse));
  }

  @Test
  void refusesAReserveMapWithoutEnd() {
    byte[] bad = SampleTrees.withU32(blob, SampleTrees.OFF_MEM_RSVMAP, blob.length - 8);

    assertRefused(Reason.BAD_DEVICE_TREE, () -> SampleTrees.parse(bad));
  }

  @ParameterizedTest
  @CsvSource({
    "'2 9'",
    "'9'",
    "'1 0'",
    "'1 0 9'",
    "'1 0 2'",
    "'1 0 2 1 0 2 9'",
    "'1 0 2 2 9'",
    "'4 1 0 2 9'",
    "'1 0x61000000 2 9'",
    "'1 0x61616161'",
    "'3 0 0 1 0 2 9'",
    "'1 0 1 0x61000000 2 3 0 0 2 9'",
    "'1 0 3 4 0 2 9'",
    "'1 0 3 0x7fffffff 0 2 9'",
    "'1 0 3 -1 0 2 9'",
    "'1 0 3 0 2 2 9'",
    "'1 0 3 0 -1 2 9'",
    "'1 0 3 0'",
    "'1 0 7 2 9'",
    "'1 0 -1 2 9'",
    "'1 0 2 3 0 0 9'",
  })
  void refusesImpossibleStructures(String words) {
    assertRefused(Reason.BAD_DEVICE_TREE, () -> SampleTrees.parse(structure(words)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1 0 2 9", "1 0 4 2 4 9 4", "1 0 4 3 0 0 4 1 0x61000000 4 2 4 2 9", "1 0 2 9 -1"})
  void takesPossibleStructures(String words) {
    assertThat(SampleTrees.parse(structure(words)).root().name()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "99, 64, 64, 64, 64",
    "4096, 2, 64, 64, 64",
    "4096, 64, 8, 64, 64",
    "4096, 64, 64, 20, 64",
    "4096, 64, 64, 64, 13",
  })
  void refusesWhatIsAboveALimit(int size, int depth, int nodes, int properties, int name) {
    Limits limits =
        Limits.DEFAULT
            .with(Limit.DEVICE_TREE_SIZE, size)
            .with(Limit.DEVICE_TREE_DEPTH, depth)
            .with(Limit.DEVICE_TREE_NODES, nodes)
            .with(Limit.DEVICE_TREE_PROPERTIES, properties)
            .with(Limit.DEVICE_TREE_NAME, name);

    assertRefused(
        Reason.LIMIT_EXCEEDED, () -> FlattenedDeviceTree.parse(ByteView.of(blob), limits));
  }

  @Test
  void takesWhatIsAtEveryLimit() {
    Limits limits =
        Limits.DEFAULT
            .with(Limit.DEVICE_TREE_SIZE, blob.length)
            .with(Limit.DEVICE_TREE_DEPTH, 3)
            .with(Limit.DEVICE_TREE_NODES, 9)
            .with(Limit.DEVICE_TREE_PROPERTIES, 21)
            .with(Limit.DEVICE_TREE_NAME, 14);

    assertThat(FlattenedDeviceTree.parse(ByteView.of(blob), limits).root()).isEqualTo(tree.root());
  }

  /** A blob whose structure block is these words and whose strings block is "a". */
  private static byte[] structure(String words) {
    String[] split = words.split(" ");
    byte[] structure = new byte[4 * split.length];
    for (int i = 0; i < split.length; i++) {
      structure = SampleTrees.withU32(structure, 4 * i, Long.decode(split[i]).intValue());
    }
    return FdtHeader.assemble(List.of(), structure, new byte[] {'a', 0});
  }

  static void assertRefused(Reason reason, Runnable action) {
    KexecException refusal = catchThrowableOfType(KexecException.class, action::run);
    assertThat(refusal).isNotNull();
    assertThat(refusal.reason()).isEqualTo(reason);
  }
}
