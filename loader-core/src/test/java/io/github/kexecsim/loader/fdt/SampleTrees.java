package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.bytes.ByteView;
import java.nio.ByteBuffer;

/** Small trees for tests, and ways to break them. */
public final class SampleTrees {
  static final int OFF_DT_STRUCT = 8;
  static final int OFF_DT_STRINGS = 12;
  static final int OFF_MEM_RSVMAP = 16;
  static final int VERSION = 20;
  static final int LAST_COMP_VERSION = 24;
  static final int SIZE_DT_STRINGS = 32;
  static final int SIZE_DT_STRUCT = 36;
  static final int NOP = 4;

  private SampleTrees() {}

  /** A machine of 1 GiB with two reservations, one of them dynamic, and an alias. */
  public static byte[] machine() {
    return new FdtBuilder()
        .addMemRsv(0x4800_0000L, 0x2345)
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .string("compatible", "vendor,board", "vendor,family")
        .beginNode("aliases")
        .string("serial0", "/soc/uart@9000000")
        .endNode()
        .beginNode("soc")
        .u32("#address-cells", 1)
        .u32("#size-cells", 1)
        .empty("ranges")
        .beginNode("uart@9000000")
        .u32("reg", 0x900_0000, 0x1000)
        .endNode()
        .endNode()
        .beginNode("memory@40000000")
        .string("device_type", "memory")
        .u64("reg", 0x4000_0000L, 0x4000_0000L)
        .endNode()
        .beginNode("reserved-memory")
        .u32("#address-cells", 2)
        .u32("#size-cells", 2)
        .empty("ranges")
        .beginNode("secure@50000000")
        .u64("reg", 0x5000_0000L, 0x10_0000L)
        .empty("no-map")
        .endNode()
        .beginNode("pool")
        .u64("size", 0x400_0000L)
        .u64("alignment", 0x20_0000L)
        .u64("alloc-ranges", 0x4000_0000L, 0x1000_0000L)
        .empty("reusable")
        .endNode()
        .endNode()
        .beginNode("chosen")
        .string("bootargs", "console=ttyAMA0")
        .string("stdout-path", "serial0:115200")
        .endNode()
        .build();
  }

  static FlattenedDeviceTree parse(byte[] blob) {
    return FlattenedDeviceTree.parse(ByteView.of(blob));
  }

  static int u32(byte[] blob, int offset) {
    return ByteBuffer.wrap(blob).getInt(offset);
  }

  static byte[] withU32(byte[] blob, int offset, int value) {
    byte[] changed = blob.clone();
    ByteBuffer.wrap(changed).putInt(offset, value);
    return changed;
  }

  /** The blob with a property overwritten by NOPs, the way libfdt's fdt_nop_property does it. */
  static byte[] withNops(byte[] blob, FdtProperty property) {
    byte[] changed = blob.clone();
    int end = property.offset() + (property.value().size() + 3) / 4 * 4;
    for (int at = property.offset() - 12; at < end; at += 4) {
      ByteBuffer.wrap(changed).putInt(at, NOP);
    }
    return changed;
  }
}
