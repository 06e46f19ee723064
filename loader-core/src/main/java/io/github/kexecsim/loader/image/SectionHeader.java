package io.github.kexecsim.loader.image;

/**
 * One section header of an ELF file ({@code Elf64_Shdr}, {@code Elf32_Shdr}), as written. 64-bit
 * fields are raw bits.
 *
 * @param name sh_name: where its name begins in the section of names
 * @param type sh_type, unsigned 32 bits
 * @param addr sh_addr, a virtual address
 * @param offset where its bytes begin in the file
 * @param size in bytes
 * @param link sh_link, the number of another section; unsigned 32 bits
 */
record SectionHeader(long name, long type, long addr, long offset, long size, long link) {
  private static final int SHT_NULL = 0;
  private static final int SHT_NOBITS = 8;

  /** Whether the file holds it. */
  boolean hasBytes() {
    return type != SHT_NULL && type != SHT_NOBITS;
  }
}
