package io.github.kexecsim.loader.x86;

import java.util.Locale;
import java.util.Objects;

/**
 * A part of the memory that a decompressor works in.
 *
 * @param role what is there
 * @param start its first byte, from where the decompressed kernel begins
 * @param end the first byte behind it
 */
public record DecompressorRegion(Role role, long start, long end) {
  public DecompressorRegion {
    Objects.requireNonNull(role);
    if (start < 0 || end < start) {
      throw new IllegalArgumentException(
          String.format("no region: 0x%x up to 0x%x (exclusive)", start, end));
    }
  }

  /** Its length in bytes. */
  public long size() {
    return end - start;
  }

  /** What a region holds. */
  public enum Role {
    /** What comes out: the ELF file and the places to relocate. */
    OUTPUT("the ELF file and its relocations, decompressed"),
    /** The entry points, which run before the decompressor has moved. */
    HEAD("entry points"),
    /** What goes in. */
    PAYLOAD("what is decompressed"),
    /** The decompressor itself. */
    TEXT_AND_DATA("the decompressor's code and data"),
    /** Its variables, its stack and its heap. */
    BSS(".bss with the heap and the stack"),
    /** The tables by which it maps what it touches. */
    PAGE_TABLES("page tables");

    private final String meaning;

    Role(String meaning) {
      this.meaning = meaning;
    }

    /** What it holds, in words. */
    public String meaning() {
      return meaning;
    }

    /** Whether the decompressor clears it itself, once it has moved and before it uses it. */
    public boolean isClearedByItself() {
      return this == BSS || this == PAGE_TABLES;
    }

    /** The name as JSON shows it: lower case, with hyphens. */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }
}
