package io.github.kexecsim.loader.fdt;

import io.github.kexecsim.loader.bytes.ByteView;
import io.github.kexecsim.loader.error.KexecException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A property. Values have no type of their own: each accessor reads the value as one, and refuses
 * it with {@link io.github.kexecsim.loader.error.Reason#BAD_DEVICE_TREE} where its length or its
 * text does not fit.
 *
 * @param name as in the strings block
 * @param value its bytes
 * @param offset where the value stands in the blob
 */
public record FdtProperty(String name, ByteView value, int offset) {
  public FdtProperty {
    Objects.requireNonNull(name);
    Objects.requireNonNull(value);
  }

  /** The value as one cell, 0 to 2^32 - 1. */
  public long u32() {
    expectSize(4);
    return value.u32be(0);
  }

  /** The value as two cells: 64 raw bits. */
  public long u64() {
    expectSize(8);
    return value.u64be(0);
  }

  /**
   * The value as a number of as many cells as it has, the way the kernel's of_read_number reads it:
   * of more than two cells the low 64 bits, of none zero, and bytes behind the last whole cell are
   * ignored.
   */
  public long number() {
    int cells = value.size() / 4;
    return number(0, cells);
  }

  /** The value as cells, 0 to 2^32 - 1 each. */
  public List<Long> cells() {
    if (value.size() % 4 != 0) {
      throw unexpected("a multiple of 4 bytes");
    }
    List<Long> cells = new ArrayList<>(value.size() / 4);
    for (int at = 0; at < value.size(); at += 4) {
      cells.add(value.u32be(at));
    }
    return List.copyOf(cells);
  }

  /** The text up to the first NUL, which must be there; one character a byte. */
  public String string() {
    String text = value.cString(0, value.size());
    if (text.length() == value.size()) {
      throw unexpected("a string with its NUL");
    }
    return text;
  }

  /** The texts of a string list, each ended by a NUL; none when the value is empty. */
  public List<String> strings() {
    List<String> texts = new ArrayList<>();
    int at = 0;
    while (at < value.size()) {
      String text = value.cString(at, value.size() - at);
      at += text.length() + 1;
      if (at > value.size()) {
        throw unexpected("strings with their NULs");
      }
      texts.add(text);
    }
    return List.copyOf(texts);
  }

  /**
   * The value as pairs of an address and a size, as in {@code reg}.
   *
   * @param addressCells the cells of an address, 1 or 2
   * @param sizeCells the cells of a size, 1 or 2
   */
  public List<FdtRegion> regions(int addressCells, int sizeCells) {
    if (addressCells < 1 || addressCells > 2 || sizeCells < 1 || sizeCells > 2) {
      throw FdtErrors.malformed(
          offset,
          String.format(
              "%s needs 1 or 2 cells for addresses and sizes, not 0x%x and 0x%x",
              name, addressCells, sizeCells));
    }
    int step = 4 * (addressCells + sizeCells);
    if (value.size() % step != 0) {
      throw unexpected(String.format("a multiple of 0x%x bytes", step));
    }
    List<FdtRegion> regions = new ArrayList<>(value.size() / step);
    for (int at = 0; at < value.size(); at += step) {
      regions.add(
          new FdtRegion(number(at, addressCells), number(at + 4 * addressCells, sizeCells)));
    }
    return List.copyOf(regions);
  }

  private long number(int at, int cells) {
    long number = 0;
    for (int i = 0; i < cells; i++) {
      number = number << 32 | value.u32be(at + 4L * i);
    }
    return number;
  }

  private void expectSize(int size) {
    if (value.size() != size) {
      throw unexpected(String.format("0x%x bytes", size));
    }
  }

  private KexecException unexpected(String expected) {
    return FdtErrors.malformed(
        offset, String.format("%s has 0x%x bytes, expected %s", name, value.size(), expected));
  }

  @Override
  public String toString() {
    return name + " " + value;
  }
}
