package io.github.kexecsim.loader.kaslr;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.fdt.FdtNode;
import io.github.kexecsim.loader.fdt.FdtProperty;
import io.github.kexecsim.loader.fdt.FlattenedDeviceTree;
import io.github.kexecsim.loader.limit.Limits;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What of the device tree that is handed over decides about randomisation.
 *
 * @param tree empty where none is handed over, or its bytes are not known
 */
record HandedTree(Optional<FlattenedDeviceTree> tree) {
  /** The extension by which a riscv64 CPU has random numbers. */
  private static final String ZKR = "zkr";

  static HandedTree of(Optional<ByteView> blob) {
    return new HandedTree(blob.map(tree -> FlattenedDeviceTree.parse(tree, Limits.LARGEST)));
  }

  /** The 64 bits of kaslr-seed; 0 without one, as the kernels take it. */
  long kaslrSeed() {
    if (tree.isEmpty()) {
      return 0;
    }
    Optional<FdtNode> chosen = tree.get().node("/chosen");
    Optional<FdtProperty> seed =
        chosen.isPresent() ? chosen.get().property("kaslr-seed") : Optional.empty();
    boolean isOne = seed.isPresent() && seed.get().value().size() == Long.BYTES;
    return isOne ? seed.get().value().u64be(0) : 0;
  }

  /**
   * Whether every riscv64 CPU that is there has the extension Zkr ({@code
   * arch/riscv/kernel/pi/fdt_early.c, fdt_early_match_extension_isa}).
   */
  boolean hasZkr() {
    List<FdtNode> cpus =
        tree.flatMap(dt -> dt.node("/cpus")).map(FdtNode::children).orElse(List.of()).stream()
            .filter(node -> node.name().startsWith("cpu@") && node.isAvailable())
            .toList();
    return !cpus.isEmpty() && cpus.stream().allMatch(HandedTree::hasZkr);
  }

  private static boolean hasZkr(FdtNode cpu) {
    boolean isListed = texts(cpu.property("riscv,isa-extensions")).stream().anyMatch(ZKR::equals);
    return isListed
        || texts(cpu.property("riscv,isa")).stream().limit(1).anyMatch(HandedTree::namesZkr);
  }

  /** Names of several letters come last in an ISA string, with underscores between them. */
  private static boolean namesZkr(String isa) {
    String[] parts = isa.toLowerCase(Locale.ROOT).split("[sxz]", 2);
    if (parts.length < 2) {
      return false;
    }
    String names = isa.toLowerCase(Locale.ROOT).substring(parts[0].length());
    return Arrays.asList(names.split("_")).contains(ZKR);
  }

  private static List<String> texts(Optional<FdtProperty> property) {
    return property
        .map(p -> new String(p.value().toByteArray(), StandardCharsets.ISO_8859_1))
        .map(text -> List.of(text.split("\0")))
        .orElse(List.of());
  }
}
