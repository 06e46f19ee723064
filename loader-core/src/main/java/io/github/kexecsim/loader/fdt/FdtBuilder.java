package io.github.kexecsim.loader.fdt;

import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Writes a tree from nothing, in the order of the calls. It begins inside the root:
 *
 * <pre>{@code
 * byte[] blob =
 *     new FdtBuilder()
 *         .u32("#address-cells", 2)
 *         .u32("#size-cells", 2)
 *         .beginNode("memory@40000000")
 *         .string("device_type", "memory")
 *         .u64("reg", 0x4000_0000L, 0x4000_0000L)
 *         .endNode()
 *         .build();
 * }</pre>
 *
 * Misuse (a property behind a subnode, an unbalanced node, a name twice) is an {@link
 * IllegalArgumentException} or {@link IllegalStateException}.
 */
public final class FdtBuilder {
  private final ByteArrayDataOutput structure = ByteStreams.newDataOutput();
  private final FdtStrings strings = new FdtStrings(new byte[0]);
  private final List<FdtRegion> memRsv = new ArrayList<>();
  private final Deque<OpenNode> open = new ArrayDeque<>();

  /** The names that a node has so far. */
  private record OpenNode(List<String> properties, List<String> children) {
    OpenNode() {
      this(new ArrayList<>(), new ArrayList<>());
    }
  }

  /** A tree with an empty root, which is open. */
  public FdtBuilder() {
    begin("");
  }

  /** Adds an entry to the memory reserve map; its size must not be zero. */
  public FdtBuilder addMemRsv(long address, long size) {
    if (size == 0) {
      throw new IllegalArgumentException("an entry of size zero would end the reserve map");
    }
    memRsv.add(new FdtRegion(address, size));
    return this;
  }

  /** Opens a child of the open node. */
  public FdtBuilder beginNode(String name) {
    FdtValues.requireNodeName(name);
    List<String> siblings = open.element().children();
    if (siblings.contains(name)) {
      throw new IllegalArgumentException("a second node " + name);
    }
    siblings.add(name);
    begin(name);
    return this;
  }

  private void begin(String name) {
    structure.write(FdtToken.beginNode(name).bytes().toByteArray());
    open.push(new OpenNode());
  }

  /** Closes the open node; the root is closed by {@link #build()}. */
  public FdtBuilder endNode() {
    if (open.size() == 1) {
      throw new IllegalStateException("no node is open but the root");
    }
    close();
    return this;
  }

  private void close() {
    structure.write(FdtToken.END_NODE.bytes().toByteArray());
    open.pop();
  }

  /** A property of the open node. */
  public FdtBuilder prop(String name, byte[] value) {
    FdtValues.requirePropertyName(name);
    OpenNode node = open.element();
    if (!node.children().isEmpty()) {
      throw new IllegalStateException("property " + name + " comes behind a subnode");
    }
    if (node.properties().contains(name)) {
      throw new IllegalArgumentException("a second property " + name);
    }
    node.properties().add(name);
    FdtToken token = FdtToken.property(name, strings.findOrAdd(name), value);
    structure.write(token.bytes().toByteArray());
    return this;
  }

  /** A property of cells, 0 to 2^32 - 1 each. */
  public FdtBuilder u32(String name, long... cells) {
    return prop(name, FdtValues.u32(cells));
  }

  /** A property of 64-bit values, two cells each: a {@code reg} where both have two cells. */
  public FdtBuilder u64(String name, long... values) {
    return prop(name, FdtValues.u64(values));
  }

  /** A property that is a text, or a list of texts; one byte a character. */
  public FdtBuilder string(String name, String... texts) {
    return prop(name, FdtValues.strings(texts));
  }

  /** A property without value. */
  public FdtBuilder empty(String name) {
    return prop(name, new byte[0]);
  }

  /** The packed blob, version 17. The builder is spent. */
  public byte[] build() {
    if (open.size() != 1) {
      throw new IllegalStateException("a node is still open, or the tree was built before");
    }
    close();
    structure.write(FdtToken.END.bytes().toByteArray());
    return FdtHeader.assemble(memRsv, structure.toByteArray(), strings.toByteArray());
  }
}
