package io.github.kexecsim.loader.pe;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import io.github.kexecsim.loader.error.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The base relocations of an image: what to add to, where, when it does not lie at its image base
 * (Microsoft PE Format, "The .reloc Section").
 *
 * <p>Firmware reads the table with few questions: of a block, edk2 (MdePkg BasePeCoffLib, {@code
 * PeCoffLoaderRelocateImage}) wants no more than that its size is not 0 and that it ends inside the
 * table. What no linker writes is refused here.
 */
final class BaseRelocations {
  private static final int BLOCK_HEADER = 8;

  private static final int ABSOLUTE = 0;
  private static final int HIGH = 1;
  private static final int LOW = 2;
  private static final int HIGHLOW = 3;
  private static final int DIR64 = 10;

  private final ByteView image;
  private final ByteBuffer words;
  private final long delta;

  /**
   * Relocations of an image in memory, whose array is changed.
   *
   * @param delta what is to be added, 64 raw bits
   */
  BaseRelocations(byte[] image, long delta) {
    this.image = ByteView.of(image);
    this.words = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    this.delta = delta;
  }

  /**
   * Applies a table. It is read while it is applied, as firmware does it: a table that changes
   * itself has its way.
   *
   * @param table where it lies in the image
   * @return how many words were changed
   * @throws KexecException {@link Reason#BAD_HEADER} for a table, a block or a fixup that is not
   *     inside what is around it, and for a kind of fixup that is not known
   */
  int apply(PeHeader.DataDirectory table) {
    if (table.size() > image.size() - table.address()) {
      throw bad(
          String.format(
              "the relocation table of 0x%x bytes at 0x%x is not inside the image of 0x%x bytes",
              table.size(), table.address(), image.size()));
    }
    int changed = 0;
    long end = table.address() + table.size();
    long block = table.address();
    while (block < end) {
      if (end - block < BLOCK_HEADER) {
        throw bad(
            String.format("the relocation table has 0x%x bytes behind its blocks", end - block));
      }
      long size = image.u32le(block + 4);
      if (size < BLOCK_HEADER || size % 2 != 0 || size > end - block) {
        throw bad(
            String.format(
                "the relocation block at 0x%x says that it has 0x%x bytes, and 0x%x are left of the"
                    + " table",
                block, size, end - block));
      }
      long page = image.u32le(block);
      for (long entry = block + BLOCK_HEADER; entry < block + size; entry += 2) {
        int word = image.u16le(entry);
        changed += fix(word >> 12, page + (word & 0xfff));
      }
      block += size;
    }
    return changed;
  }

  private int fix(int type, long address) {
    switch (type) {
      case ABSOLUTE -> {
        return 0;
      }
      case HIGH -> {
        int at = inside(address, 2);
        words.putShort(at, (short) (words.getShort(at) + (delta >> 16)));
      }
      case LOW -> {
        int at = inside(address, 2);
        words.putShort(at, (short) (words.getShort(at) + delta));
      }
      case HIGHLOW -> {
        int at = inside(address, 4);
        words.putInt(at, words.getInt(at) + (int) delta);
      }
      case DIR64 -> {
        int at = inside(address, 8);
        words.putLong(at, words.getLong(at) + delta);
      }
      default ->
          throw bad(String.format("a relocation of type %s for 0x%x is not known", type, address));
    }
    return 1;
  }

  private int inside(long address, int length) {
    if (length > image.size() - address) {
      throw bad(
          String.format(
              "a relocation is for 0x%x, and the image has 0x%x bytes", address, image.size()));
    }
    return (int) address;
  }

  private static KexecException bad(String message) {
    return new KexecException(
        Reason.BAD_HEADER, message, "link the image anew, or compare its digest");
  }
}
