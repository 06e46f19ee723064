package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import io.github.kexecsim.loader.limit.Limit;
import io.github.kexecsim.loader.limit.Limits;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The header of a blob (Devicetree Specification 5.2), checked against the bytes that are there.
 * Versions 16 and 17 and their compatible successors are read; 17 is written.
 *
 * @param totalsize bytes of the blob, header included
 * @param sizeDtStruct bytes of the structure block; where version 16 does not say, all that follow
 */
record FdtHeader(
    int totalsize,
    int offDtStruct,
    int offDtStrings,
    int offMemRsvmap,
    int version,
    int lastCompVersion,
    long bootCpuidPhys,
    int sizeDtStrings,
    int sizeDtStruct) {
  static final long MAGIC = 0xd00dfeedL;
  static final int RESERVE_ENTRY_SIZE = 16;
  private static final int V16_SIZE = 36;
  private static final int V17_SIZE = 40;
  private static final int VERSION = 17;
  private static final int OLDEST_VERSION = 16;

  static FdtHeader parse(ByteView blob, Limits limits) {
    long magic = blob.u32be(0);
    if (magic != MAGIC) {
      throw FdtErrors.malformed(0, String.format("magic is 0x%08x, expected 0x%08x", magic, MAGIC));
    }
    long version = blob.u32be(20);
    long lastCompVersion = blob.u32be(24);
    if (version < OLDEST_VERSION || lastCompVersion > VERSION || version < lastCompVersion) {
      throw FdtErrors.malformed(
          20,
          String.format(
              "version 0x%x, last compatible 0x%x: only 16 and 17 are read",
              version, lastCompVersion));
    }
    int size = version < VERSION ? V16_SIZE : V17_SIZE;
    long totalsize = blob.u32be(4);
    if (totalsize > blob.size()) {
      throw new KexecException(
          Reason.TRUNCATED,
          String.format(
              "device tree: totalsize is 0x%x, but only 0x%x bytes are there",
              totalsize, blob.size()),
          "the file may be cut short: compare its size with the original's");
    }
    limits.check(Limit.DEVICE_TREE_SIZE, totalsize, "the device tree's totalsize");
    if (totalsize < size) {
      throw FdtErrors.malformed(
          4, String.format("totalsize 0x%x is below the header's 0x%x", totalsize, size));
    }
    long offDtStruct = offset(blob, 8, "off_dt_struct", size, totalsize);
    long offDtStrings = offset(blob, 12, "off_dt_strings", size, totalsize);
    long offMemRsvmap = offset(blob, 16, "off_mem_rsvmap", size, totalsize);
    long sizeDtStrings = blockSize(blob, 32, "size_dt_strings", totalsize - offDtStrings);
    long sizeDtStruct =
        version < VERSION
            ? totalsize - offDtStruct
            : blockSize(blob, 36, "size_dt_struct", totalsize - offDtStruct);
    return new FdtHeader(
        (int) totalsize,
        (int) offDtStruct,
        (int) offDtStrings,
        (int) offMemRsvmap,
        (int) Math.min(version, Integer.MAX_VALUE),
        (int) lastCompVersion,
        blob.u32be(28),
        (int) sizeDtStrings,
        (int) sizeDtStruct);
  }

  private static long offset(ByteView blob, int at, String field, int lowest, long totalsize) {
    long offset = blob.u32be(at);
    if (offset < lowest || offset > totalsize) {
      throw FdtErrors.malformed(
          at, String.format("%s is 0x%x, expected 0x%x to 0x%x", field, offset, lowest, totalsize));
    }
    return offset;
  }

  private static long blockSize(ByteView blob, int at, String field, long room) {
    long size = blob.u32be(at);
    if (size > room) {
      throw FdtErrors.malformed(
          at, String.format("%s is 0x%x, but only 0x%x bytes follow", field, size, room));
    }
    return size;
  }

  /**
   * Whether the structure block's own size is stated, so that bytes behind its END belong to it.
   */
  boolean statesStructSize() {
    return version >= VERSION;
  }

  /**
   * The last_comp_version of the blob once libfdt has opened it for writing: a blob whose blocks
   * stand in another order than reserve map, structure, strings is written anew and says 16.
   *
   * @param rsvmapSize bytes of the reserve map with its terminator
   * @param structSize bytes of the structure block
   */
  int lastCompVersionOnceOpened(int rsvmapSize, int structSize) {
    boolean inOrder =
        offMemRsvmap >= V17_SIZE
            && offDtStruct >= (long) offMemRsvmap + rsvmapSize
            && offDtStrings >= (long) offDtStruct + structSize;
    return inOrder ? lastCompVersion : OLDEST_VERSION;
  }

  /**
   * A packed version 17 blob: header, reserve map, structure and strings without gaps.
   *
   * @param terminator the address in the reserve map's last entry, whose size is zero
   */
  static byte[] assemble(
      List<FdtRegion> memRsv,
      long terminator,
      byte[] structure,
      byte[] strings,
      int lastCompVersion,
      long bootCpuidPhys) {
    int offDtStruct = V17_SIZE + (memRsv.size() + 1) * RESERVE_ENTRY_SIZE;
    int offDtStrings = Math.addExact(offDtStruct, structure.length);
    ByteBuffer out = ByteBuffer.allocate(Math.addExact(offDtStrings, strings.length));
    out.putInt((int) MAGIC).putInt(out.capacity());
    out.putInt(offDtStruct).putInt(offDtStrings).putInt(V17_SIZE);
    out.putInt(VERSION).putInt(lastCompVersion).putInt((int) bootCpuidPhys);
    out.putInt(strings.length).putInt(structure.length);
    for (FdtRegion entry : memRsv) {
      out.putLong(entry.address()).putLong(entry.size());
    }
    out.putLong(terminator).putLong(0);
    return out.put(structure).put(strings).array();
  }

  /** What {@link #assemble} writes for a tree from nothing. */
  static byte[] assemble(List<FdtRegion> memRsv, byte[] structure, byte[] strings) {
    return assemble(memRsv, 0, structure, strings, OLDEST_VERSION, 0);
  }
}
