package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.Reason;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Edits a tree the way libfdt edits its blob in place, so that {@link #pack()} has exactly the
 * size, the order and the names' offsets of {@code fdt_open_into}, the same edits and {@code
 * fdt_pack} (scripts/dtc/libfdt/fdt_rw.c, v6.1). That is:
 *
 * <ul>
 *   <li>the name of a new property is appended to the strings block unless it, or a name that ends
 *       with it, stands there already; the name of a removed property stays;
 *   <li>a property that exists keeps its place and its name's offset, a new one comes first in its
 *       node, a new subnode comes first behind the properties;
 *   <li>NOPs, repeated strings and bytes behind END stay.
 * </ul>
 *
 * Padding of new values is zero, where libfdt leaves what was there. Paths follow the rule of
 * {@link FlattenedDeviceTree#node}, but must begin with a slash. An operation on a node that is not
 * there is refused with {@link Reason#BAD_DEVICE_TREE}. Each operation scans the tree: its time is
 * proportional to the number of tokens.
 */
public final class FdtEditor {
  private static final int ABSENT = -1;

  private final FdtHeader header;
  private final List<FdtRegion> memRsv;
  private final long memRsvTerminator;
  private final List<FdtToken> tokens;
  private final ByteView tail;
  private final FdtStrings strings;
  private final int lastCompVersion;

  private FdtEditor(FlattenedDeviceTree tree) {
    header = tree.header();
    memRsv = new ArrayList<>(tree.memRsv());
    memRsvTerminator = tree.memRsvTerminator();
    tokens = new ArrayList<>(tree.structure().tokens());
    tail = tree.structure().tail();
    strings = new FdtStrings(tree.strings().toByteArray());
    lastCompVersion =
        header.lastCompVersionOnceOpened(
            (memRsv.size() + 1) * FdtHeader.RESERVE_ENTRY_SIZE, structureSize());
  }

  /** An editor that begins with {@code tree}, which it does not change. */
  public static FdtEditor open(FlattenedDeviceTree tree) {
    return new FdtEditor(tree);
  }

  /** Whether a node stands at the path. */
  public boolean hasNode(String path) {
    return find(path) != ABSENT;
  }

  /** The value of a property as it is now. */
  public Optional<ByteView> prop(String path, String name) {
    int at = findProperty(require(path), name);
    return at == ABSENT ? Optional.empty() : Optional.of(tokens.get(at).value());
  }

  /** Sets a property, whether it was there or not. */
  public FdtEditor setProp(String path, String name, byte[] value) {
    int node = require(path);
    int at = findProperty(node, name);
    if (at == ABSENT) {
      FdtValues.requirePropertyName(name);
      tokens.add(node + 1, FdtToken.property(name, strings.findOrAdd(name), value));
    } else {
      tokens.set(at, tokens.get(at).withValue(value));
    }
    return this;
  }

  /** Sets a property to cells, 0 to 2^32 - 1 each. */
  public FdtEditor setU32(String path, String name, long... cells) {
    return setProp(path, name, FdtValues.u32(cells));
  }

  /** Sets a property to 64-bit values, two cells each. */
  public FdtEditor setU64(String path, String name, long... values) {
    return setProp(path, name, FdtValues.u64(values));
  }

  /** Sets a property to a text, or to a list of texts, each with its NUL; one byte a character. */
  public FdtEditor setString(String path, String name, String... texts) {
    return setProp(path, name, FdtValues.strings(texts));
  }

  /** Sets a property that has no value. */
  public FdtEditor setEmpty(String path, String name) {
    return setProp(path, name, new byte[0]);
  }

  /** Adds bytes at the end of a property's value; sets it where it is not there. */
  public FdtEditor appendProp(String path, String name, byte[] more) {
    Optional<ByteView> now = prop(path, name);
    if (now.isEmpty()) {
      return setProp(path, name, more);
    }
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    value.writeBytes(now.get().toByteArray());
    value.writeBytes(more);
    return setProp(path, name, value.toByteArray());
  }

  /** Removes a property, and tells whether it was there. */
  public boolean delProp(String path, String name) {
    int at = findProperty(require(path), name);
    if (at != ABSENT) {
      tokens.remove(at);
    }
    return at != ABSENT;
  }

  /**
   * Adds a node without properties.
   *
   * @throws io.github.kexecsim.loader.error.KexecException {@link Reason#BAD_DEVICE_TREE} when the
   *     parent has a child that the name finds
   */
  public FdtEditor addSubnode(String parentPath, String name) {
    FdtValues.requireNodeName(name);
    int parent = require(parentPath);
    if (findChild(parent, name) != ABSENT) {
      throw FdtErrors.unfit(parentPath + " has a child " + name + " already");
    }
    int at = parent + 1;
    while (isPropertyOrNop(tokens.get(at))) {
      at++;
    }
    tokens.addAll(at, List.of(FdtToken.beginNode(name), FdtToken.END_NODE));
    return this;
  }

  /** Adds an entry at the end of the memory reserve map; its size must not be zero. */
  public FdtEditor addMemRsv(FdtRegion region) {
    if (region.size() == 0) {
      throw new IllegalArgumentException("an entry of size zero would end the reserve map");
    }
    memRsv.add(region);
    return this;
  }

  /** Removes the first entry of exactly that address and size, and tells whether it was there. */
  public boolean delMemRsv(FdtRegion region) {
    return memRsv.remove(region);
  }

  /** The blob, version 17, without gaps. */
  public byte[] pack() {
    ByteArrayOutputStream structure = new ByteArrayOutputStream(structureSize());
    for (FdtToken token : tokens) {
      write(token.bytes(), structure);
    }
    write(tail, structure);
    return FdtHeader.assemble(
        memRsv,
        memRsvTerminator,
        structure.toByteArray(),
        strings.toByteArray(),
        lastCompVersion,
        header.bootCpuidPhys());
  }

  private static void write(ByteView bytes, ByteArrayOutputStream out) {
    out.write(bytes.array(), bytes.arrayOffset(), bytes.size());
  }

  private int structureSize() {
    long size = tail.size();
    for (FdtToken token : tokens) {
      size += token.bytes().size();
    }
    return Math.toIntExact(size);
  }

  private int require(String path) {
    int node = find(path);
    if (node == ABSENT) {
      throw FdtErrors.unfit("no node at " + path);
    }
    return node;
  }

  /** The index of a node's BEGIN_NODE. */
  private int find(String path) {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("not an absolute path: " + path);
    }
    int node = 0;
    for (String step : FlattenedDeviceTree.steps(path)) {
      node = findChild(node, step);
      if (node == ABSENT) {
        return ABSENT;
      }
    }
    return node;
  }

  private int findChild(int parent, String name) {
    int depth = 0;
    for (int at = parent + 1; depth >= 0; at++) {
      FdtToken token = tokens.get(at);
      switch (token.tag()) {
        case BEGIN_NODE -> {
          if (depth == 0 && FdtNode.nameMatches(token.name(), name)) {
            return at;
          }
          depth++;
        }
        case END_NODE -> depth--;
        case PROP, NOP, END -> {}
      }
    }
    return ABSENT;
  }

  private int findProperty(int node, String name) {
    for (int at = node + 1; isPropertyOrNop(tokens.get(at)); at++) {
      FdtToken token = tokens.get(at);
      if (token.tag() == FdtToken.Tag.PROP && token.name().equals(name)) {
        return at;
      }
    }
    return ABSENT;
  }

  private static boolean isPropertyOrNop(FdtToken token) {
    return token.tag() == FdtToken.Tag.PROP || token.tag() == FdtToken.Tag.NOP;
  }
}
