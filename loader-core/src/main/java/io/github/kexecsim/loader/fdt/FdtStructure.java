package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The structure block, read once into its tokens and into the nodes that they spell.
 *
 * @param tokens every token up to and with END, NOPs included
 * @param tail what the block holds behind END
 * @param root the tree
 */
record FdtStructure(List<FdtToken> tokens, ByteView tail, FdtNode root) {
  static FdtStructure parse(ByteView blob, FdtHeader header, Limits limits) {
    return new Reader(blob, header, limits).read();
  }

  /** A node whose END_NODE has not come yet. */
  private record OpenNode(
      String name, int offset, List<FdtProperty> properties, List<FdtNode> children) {}

  private static final class Reader {
    private final ByteView block;
    private final ByteView strings;
    private final FdtHeader header;
    private final Limits limits;
    private final List<FdtToken> tokens = new ArrayList<>();
    private final Deque<OpenNode> open = new ArrayDeque<>();
    private final Map<Long, String> propertyNames = new HashMap<>();
    private FdtNode root;
    private int nodes;
    private int properties;
    private long position;

    Reader(ByteView blob, FdtHeader header, Limits limits) {
      this.block = blob.slice(header.offDtStruct(), header.sizeDtStruct());
      this.strings = blob.slice(header.offDtStrings(), header.sizeDtStrings());
      this.header = header;
      this.limits = limits;
    }

    FdtStructure read() {
      FdtToken token;
      do {
        token = next();
        tokens.add(token);
        position += token.bytes().size();
      } while (token.tag() != FdtToken.Tag.END);
      ByteView tail = header.statesStructSize() ? block.from(position) : block.slice(position, 0);
      return new FdtStructure(List.copyOf(tokens), tail, root);
    }

    private FdtToken next() {
      need(4);
      long number = block.u32be(position);
      FdtToken.Tag tag = FdtToken.Tag.byNumber(number);
      if (tag == null) {
        throw malformed(String.format("unknown tag 0x%x", number));
      }
      if (position == 0 && tag != FdtToken.Tag.BEGIN_NODE) {
        throw malformed(tag + ", expected the root's BEGIN_NODE");
      }
      return switch (tag) {
        case BEGIN_NODE -> beginNode();
        case END_NODE -> endNode();
        case PROP -> property();
        case NOP -> FdtToken.NOP;
        case END -> end();
      };
    }

    private void within(Limit limit, long found, String what) {
      if (found > limits.of(limit)) {
        String where = String.format(" at offset 0x%x", blobOffset(position));
        throw limit.exceeded("the device tree's " + what + where, found, limits.of(limit));
      }
    }

    private FdtToken beginNode() {
      if (root != null) {
        throw malformed("a second root node");
      }
      within(Limit.DEVICE_TREE_DEPTH, open.size() + 1L, "depth");
      within(Limit.DEVICE_TREE_NODES, ++nodes, "number of nodes");
      int room = block.size() - (int) position - 4;
      String name = block.cString(position + 4, room);
      if (name.length() == room) {
        throw malformed("a node's name has no end");
      }
      if (open.isEmpty() && !name.isEmpty()) {
        throw malformed("the root has a name");
      }
      open.push(new OpenNode(name, blobOffset(position), new ArrayList<>(), new ArrayList<>()));
      ByteView bytes = bytes(4 + name.length() + 1L);
      return new FdtToken(FdtToken.Tag.BEGIN_NODE, name, bytes.slice(0, 0), bytes);
    }

    private FdtToken endNode() {
      if (open.isEmpty()) {
        throw malformed("END_NODE without a node");
      }
      OpenNode closed = open.pop();
      FdtNode node =
          new FdtNode(closed.name(), closed.offset(), closed.properties(), closed.children());
      if (open.isEmpty()) {
        root = node;
      } else {
        open.peek().children().add(node);
      }
      return FdtToken.END_NODE;
    }

    private FdtToken property() {
      if (open.isEmpty()) {
        throw malformed("a property outside of every node");
      }
      if (!open.peek().children().isEmpty()) {
        throw malformed("a property behind a subnode");
      }
      within(Limit.DEVICE_TREE_PROPERTIES, ++properties, "number of properties");
      need(12);
      long length = block.u32be(position + 4);
      need(12 + length);
      String name = propertyName(block.u32be(position + 8));
      ByteView value = block.slice(position + 12, length);
      open.peek().properties().add(new FdtProperty(name, value, blobOffset(position + 12)));
      return new FdtToken(FdtToken.Tag.PROP, name, value, bytes(12 + length));
    }

    private FdtToken end() {
      if (root == null) {
        throw malformed("END within a node");
      }
      return FdtToken.END;
    }

    private String propertyName(long nameoff) {
      String known = propertyNames.get(nameoff);
      if (known != null) {
        return known;
      }
      if (nameoff >= strings.size()) {
        throw malformed(
            String.format(
                "a property's name at 0x%x of the strings block, which has 0x%x bytes",
                nameoff, strings.size()));
      }
      int longest = (int) limits.of(Limit.DEVICE_TREE_NAME);
      int room = (int) Math.min(strings.size() - nameoff, longest + 1L);
      String name = strings.cString(nameoff, room);
      if (name.length() == room) {
        within(Limit.DEVICE_TREE_NAME, room, "property name's length");
        throw malformed("a property's name has no end in the strings block");
      }
      propertyNames.put(nameoff, name);
      return name;
    }

    /** The token at the position: {@code size} bytes, and padding where the block has it. */
    private ByteView bytes(long size) {
      long padded = FdtToken.align(size);
      need(padded);
      return block.slice(position, padded);
    }

    private void need(long size) {
      if (size > block.size() - position) {
        throw malformed(
            String.format(
                "needs 0x%x bytes, but the structure block has 0x%x left",
                size, block.size() - position));
      }
    }

    private int blobOffset(long positionInBlock) {
      return header.offDtStruct() + (int) positionInBlock;
    }

    private KexecException malformed(String found) {
      return FdtErrors.malformed(blobOffset(position), found);
    }
  }
}
