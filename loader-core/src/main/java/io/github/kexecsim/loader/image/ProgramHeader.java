package io.github.kexecsim.loader.image;

import io.github.kexecsim.loader.report.Field;

/**
 * One program header of an ELF file ({@code Elf64_Phdr}, {@code Elf32_Phdr}), as written. 64-bit
 * fields are raw bits.
 *
 * @param type p_type, unsigned 32 bits
 * @param flags p_flags: 4 readable, 2 writable, 1 executable
 * @param offset where its bytes begin in the file
 * @param vaddr its virtual address
 * @param paddr its physical address
 * @param filesz bytes in the file
 * @param memsz bytes in memory
 * @param align what its addresses are congruent to its offset by
 */
public record ProgramHeader(
    long type,
    long flags,
    long offset,
    long vaddr,
    long paddr,
    long filesz,
    long memsz,
    long align) {
  /** {@code PT_LOAD}. */
  public static final int LOAD = 1;

  /** {@code PF_X}. */
  private static final int EXECUTABLE = 1;

  /** Whether it is to be loaded. */
  public boolean isLoad() {
    return type == LOAD;
  }

  /** Whether it holds code. */
  public boolean isExecutable() {
    return (flags & EXECUTABLE) != 0;
  }

  /** Bytes of memory beyond those of the file, which are to be zero; 0 for none. */
  public long bss() {
    return Long.compareUnsigned(memsz, filesz) > 0 ? memsz - filesz : 0;
  }

  /** The type by its ELF name without PT_, or in hexadecimal. */
  public String typeLabel() {
    return switch ((int) type) {
      case 0 -> "NULL";
      case LOAD -> "LOAD";
      case 2 -> "DYNAMIC";
      case 3 -> "INTERP";
      case 4 -> "NOTE";
      case 6 -> "PHDR";
      case 7 -> "TLS";
      case 0x6474e551 -> "GNU_STACK";
      case 0x6474e553 -> "GNU_PROPERTY";
      default -> "0x" + Long.toHexString(type);
    };
  }

  /** The flags as {@code rwx}, a hyphen for one that is not set. */
  public String permissions() {
    return ((flags & 4) != 0 ? "r" : "-")
        + ((flags & 2) != 0 ? "w" : "-")
        + (isExecutable() ? "x" : "-");
  }

  Field field() {
    return Field.hex(
        "segment " + typeLabel(),
        paddr,
        String.format(
            "%s 0x%x bytes in memory, 0x%x in the file at 0x%x; virtual 0x%x",
            permissions(), memsz, filesz, offset, vaddr));
  }
}
