package io.github.kexecsim.loader.codec;

import io.github.kexecsim.loader.bytes.ByteView;
import java.util.Optional;

/**
 * The filters that an xz encoder can run before LZMA2, by the ids of xz-file-format 5.3, undone in
 * place. All but {@link #DELTA} turn the relative targets of branch instructions into absolute
 * ones, so that calls of one function look alike.
 */
enum XzFilter {
  DELTA(0x03, 0, XzFilter::delta),
  X86(0x04, 1, X86BranchFilter::undo),
  POWERPC(0x05, 4, BranchFilters::powerPc),
  IA64(0x06, 16, BranchFilters::ia64),
  ARM(0x07, 4, BranchFilters::arm),
  ARM_THUMB(0x08, 2, BranchFilters::armThumb),
  SPARC(0x09, 4, BranchFilters::sparc),
  ARM64(0x0a, 4, BranchFilters::arm64),
  RISCV(0x0b, 2, BranchFilters::riscv);

  private final long id;
  private final int alignment;
  private final Undo undo;

  XzFilter(long id, int alignment, Undo undo) {
    this.id = id;
    this.alignment = alignment;
    this.undo = undo;
  }

  private interface Undo {
    void over(byte[] bytes, int from, int to, int parameter);
  }

  /** Finds a filter by its id; empty for one that is not known. */
  static Optional<XzFilter> byId(long id) {
    for (XzFilter filter : values()) {
      if (filter.id == id) {
        return Optional.of(filter);
      }
    }
    return Optional.empty();
  }

  /**
   * Reads what the encoder was told: the address of the block's first byte, or the distance of the
   * delta filter. Empty when the properties are not of this filter.
   */
  Optional<Integer> parameter(ByteView properties) {
    if (this == DELTA) {
      return properties.size() == 1 ? Optional.of(properties.u8(0) + 1) : Optional.empty();
    }
    if (properties.size() == 0) {
      return Optional.of(0);
    }
    if (properties.size() != 4 || properties.u32le(0) % alignment != 0) {
      return Optional.empty();
    }
    return Optional.of((int) properties.u32le(0));
  }

  /**
   * Undoes the filter over the whole of a block.
   *
   * @param bytes the array that holds the block
   * @param from where the block begins in it
   * @param to where the block ends
   * @param parameter what {@link #parameter} read
   */
  void undo(byte[] bytes, int from, int to, int parameter) {
    undo.over(bytes, from, to, parameter);
  }

  private static void delta(byte[] bytes, int from, int to, int distance) {
    for (int i = distance; i < to - from; i++) {
      bytes[from + i] += bytes[from + i - distance];
    }
  }
}
