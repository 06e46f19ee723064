package io.github.kexecsim.loader.fdt;

/**
 * An address and a size as a device tree states them: 64 raw bits each, to be compared unsigned,
 * not yet known to be a range of physical memory.
 *
 * @param address where it begins
 * @param size its length in bytes
 */
public record FdtRegion(long address, long size) {
  @Override
  public String toString() {
    return String.format("0x%x bytes at 0x%x", size, address);
  }
}
